"""The one place where adapters are built from settings; everything else receives them."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

from oracle.chain import accounts, deployments
from oracle.chain.clock import SystemClock
from oracle.chain.deployments import DeploymentFile
from oracle.chain.devnode import TimeMachine
from oracle.chain.rpc import connect
from oracle.chain.web3chain import GWEI, Web3Chain
from oracle.config import Settings
from oracle.domain.action import Deployment
from oracle.domain.committed_model import CommittedModel
from oracle.domain.errors import BadInput, Unreachable
from oracle.domain.prompt import Prompt
from oracle.domain.records import Role
from oracle.domain.sampler import Sampler
from oracle.jobs.context import Context, Step, Verifier
from oracle.mechanism.committed_rules import require_rules
from oracle.mechanism.model_id import model_id
from oracle.model import hashing, load_runner
from oracle.model.engines import ENGINES
from oracle.model.manifest import Manifest
from oracle.model.options import DEFAULT, EngineOptions
from oracle.ports.chain import Chain
from oracle.ports.inbox import VerdictInbox
from oracle.ports.ledger import Ledger
from oracle.ports.model import ModelRunner, Progress
from oracle.ports.signer import Signer
from oracle.ports.store import ContentStore
from oracle.prompts import state as prompt_state
from oracle.prompts.request import PromptRequest
from oracle.state.database import Database
from oracle.state.ledger import SqlLedger
from oracle.storage.folder import FolderStore
from oracle.storage.inbox_folder import FolderInbox
from oracle.storage.inbox_http import HttpInbox
from oracle.storage.ipfs import KuboStore
from oracle.verification import OnChain


@dataclass(frozen=True)
class Organisation:
    """One deployment with everything that reads and writes it."""

    settings: Settings
    file: DeploymentFile
    chain: Chain
    ledger: Ledger
    store: ContentStore
    time: TimeMachine
    identity: str
    reserve_decimals: int
    reserve_symbol: str
    token_symbol: str

    @property
    def deployment(self) -> Deployment:
        """What compile() needs to know of the deployment."""
        return Deployment(self.file.chain_id, self.file.addresses, self.reserve_decimals)


def open_organisation(settings: Settings) -> Organisation:
    """Connect, check the chain id against the deployment file, and open ledger and store.

    Raises Unreachable (no node, other chain) and BadInput (no or malformed deployment file).
    """
    rpc, chain_id = connect(settings.rpc, timeout=settings.timeout)
    path = settings.deployment or deployments.default_path(chain_id)
    file = deployments.read(path, chain_id=chain_id)
    clock = SystemClock()
    chain = Web3Chain(rpc, chain_id, file.addresses, clock, max_fee=settings.max_fee_gwei * GWEI)
    organisation = _identity(chain, file, path)
    return Organisation(
        settings=settings,
        file=file,
        chain=chain,
        ledger=SqlLedger(Database(settings.home / "ledger.sqlite"), organisation),
        store=open_store(settings),
        time=TimeMachine(rpc),
        identity=organisation,
        reserve_decimals=chain.read("ReserveToken", "decimals"),
        reserve_symbol=chain.read("ReserveToken", "symbol"),
        token_symbol=chain.read("BToken", "symbol"),
    )


def beside(organisation: Organisation, **changes: object) -> Organisation:
    """Another oracle of the same organisation; its settings differ in `changes`, of which its own home is one."""
    settings = Settings.model_validate(organisation.settings.model_dump() | changes)
    ledger = SqlLedger(Database(settings.home / "ledger.sqlite"), organisation.identity)
    return replace(organisation, settings=settings, ledger=ledger, store=open_store(settings))


def _identity(chain: Chain, file: DeploymentFile, path: Path) -> str:
    """Names the organisation in the ledger. BadInput if the chain is younger than the deployment file.

    A local chain that was reset gets the same addresses again; only the hash of a block tells the two apart.
    """
    head = chain.head().number
    if head < file.block:
        raise BadInput(
            f"{path} speaks of block {file.block}, the chain is at block {head}",
            hint="the chain was reset: deploy again, or start it from its saved state",
        )
    return f"{chain.chain_id}:{file.address('PromptUpdate')}:{chain.block(file.block).hash.hex()[:16]}"


def open_context(
    organisation: Organisation,
    signer: Signer,
    *,
    report: Callable[[Step], None] = lambda step: None,
    progress: Progress | None = None,
) -> Context:
    """What the jobs are given: the organisation, who signs for this oracle, and the models in the settings' folder.

    Refused if the chosen engine cannot run here.
    """
    require_engine(organisation.settings)
    return Context(
        chain=organisation.chain,
        deployment=organisation.deployment,
        ledger=organisation.ledger,
        store=organisation.store,
        signer=signer,
        clock=SystemClock(),
        open_model=partial(open_model, organisation),
        first_block=organisation.file.block,
        samplers=samplers(organisation.settings),
        roles=frozenset(organisation.settings.roles),
        verifier=open_verifier(organisation) if Role.VERIFIER in organisation.settings.roles else None,
        report=report,
        progress=progress,
    )


def open_verifier(organisation: Organisation) -> Verifier:
    """What checking and judging needs: engines for any committed model here, the inboxes, and how much to stake."""
    settings = organisation.settings

    @cache
    def opened(model: CommittedModel, sampler: Sampler) -> ModelRunner:
        folder = folder_of(settings, model.hashes, f"0x{model_id(model).hex()}")
        runner, manifest = open_folder(folder, engine_for(sampler.numeric_class), hashes=model.hashes)
        require_rules(manifest.sampler, sampler)
        return runner

    return Verifier(
        open_model=opened,
        inboxes=open_inboxes(settings),
        challenge_budget=settings.challenge_budget * int(10**organisation.reserve_decimals),
        data_patience=settings.data_patience,
    )


def open_inboxes(settings: Settings) -> list[VerdictInbox]:
    """This oracle's own inbox, if it keeps one for others, and then those that the settings name."""
    own: list[VerdictInbox] = [own_inbox(settings)] if settings.inbox_listen else []
    return own + [
        HttpInbox(place, timeout=settings.timeout)
        if place.startswith(("http://", "https://"))
        else FolderInbox(Path(place))
        for place in settings.inboxes
    ]


def own_inbox(settings: Settings) -> FolderInbox:
    """The folder behind the inbox that this oracle serves. Unreachable if it cannot be made."""
    folder = settings.home / "inbox"
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Unreachable(f"cannot make the inbox {folder}: {error.strerror}", hint="check the permissions") from error
    return FolderInbox(folder)


def make_prompt(organisation: Organisation, request: PromptRequest, sampler: Sampler | None = None) -> Prompt:
    """The prompt document of the present block, made from what a person decides; see `prompt_state.build`.

    It names `sampler`, or else the first rules known here that are approved.
    """
    return prompt_state.build(
        organisation.chain,
        organisation.deployment,
        request,
        first_block=organisation.file.block,
        samplers=(sampler,) if sampler else samplers(organisation.settings),
    )


def committed_sampler(organisation: Organisation, model_id: bytes) -> Sampler:
    """The sampling rules in the manifest of a registered model. BadInput if no folder here is that model."""
    committed = organisation.chain.read("ModelRegistry", "modelOf", model_id).commitment
    return sampler_of(folder_of(organisation.settings, tuple(committed)[:3], f"0x{model_id.hex()}"))


def samplers(settings: Settings) -> tuple[Sampler, ...]:
    """The sampling rules that the models here were made for, and the default one."""
    found = [hashing.read_manifest(path.parent).sampler for path in sorted(settings.models.glob("*/manifest.json"))]
    return tuple(dict.fromkeys([*found, Sampler()]))


def open_model(organisation: Organisation, model_id: bytes, sampler: Sampler) -> ModelRunner:
    """The engine that draws by these rules from a registered model: the folder whose manifest the registry holds.

    BadInput if no folder here is that model or the engine is of another numeric class, Refused if a byte changed,
    OtherRules if the model is committed to other rules.
    """
    committed = organisation.chain.read("ModelRegistry", "modelOf", model_id).commitment
    hashes = tuple(committed)[:3]
    folder = folder_of(organisation.settings, hashes, f"0x{model_id.hex()}")
    runner, manifest = open_folder(
        folder, organisation.settings.engine, organisation.settings.engine_options, hashes=hashes
    )
    require_rules(manifest.sampler, sampler)
    return _committed_engine(runner, manifest.sampler)


def folder_of(settings: Settings, hashes: tuple[bytes, ...], name: str) -> Path:
    """The folder whose manifest has these hashes of weights, tokenizer and engine. BadInput if none here has."""
    for path in sorted(settings.models.glob("*/manifest.json")):
        if _hashes(hashing.read_manifest(path.parent)) == hashes:
            return path.parent
    raise BadInput(
        f"no folder in {settings.models} is model {name}",
        hint="put the committed weights there with their manifest.json",
    )


def open_folder(
    folder: Path,
    engine: str,
    options: EngineOptions = DEFAULT,
    *,
    hashes: tuple[bytes, ...] | None = None,
    progress: hashing.Progress | None = None,
) -> tuple[ModelRunner, Manifest]:
    """An engine on a folder, every byte of which was compared with its manifest, and that with `hashes` if given.

    BadInput if it is another model, has no manifest, or the engine is unknown; Refused if a byte changed.
    """
    found = hashing.read_manifest(folder)
    if hashes is not None and _hashes(found) != hashes:
        own, asked = (", ".join(f"0x{part.hex()[:8]}" for part in each) for each in (_hashes(found), hashes))
        raise BadInput(
            f"{folder} is another model: weights, tokenizer and engine are {own}, not {asked}",
            hint="name the folder of the model that the samples were drawn from",
        )
    hashing.verify_folder(folder, found, progress)
    return load_runner(folder, engine, options), found


def _hashes(manifest: Manifest) -> tuple[bytes, bytes, bytes]:
    return (manifest.weights_root, manifest.tokenizer_hash, manifest.engine_hash)


def engine_for(numeric_class: str) -> str:
    """The engine that checks samples of a class where none is named."""
    return "exact" if numeric_class == "E" else "fp32"


def sampler_of(folder: Path) -> Sampler:
    """The sampling rules that a model folder is committed to. BadInput without a manifest."""
    return hashing.read_manifest(folder).sampler


def on_chain(organisation: Organisation) -> OnChain:
    """The organisation as a verifier sees it."""
    return OnChain(organisation.chain, organisation.store, organisation.deployment, organisation.file.block)


def require_engine(settings: Settings) -> None:
    """Refused, with what to install, if the chosen engine cannot run here: better at start than on a won slot."""
    ENGINES[settings.engine].require()


def _committed_engine(runner: ModelRunner, sampler: Sampler) -> ModelRunner:
    """The runner, if it computes as the model's commitment says: other arithmetic gives answers that do not verify."""
    if runner.numeric_class != sampler.numeric_class:
        fitting = [f'"{engine.name}"' for engine in ENGINES.values() if sampler.numeric_class in engine.numeric_classes]
        raise BadInput(
            f"{runner.name} computes in class {runner.numeric_class}, the model is committed to "
            f"{sampler.numeric_class}",
            hint=f"set engine to {' or '.join(fitting)}; servers without gengov's processor are of class N",
        )
    return runner


def open_store(settings: Settings) -> ContentStore:
    """A folder in `home`, or the IPFS node that the settings name."""
    if settings.ipfs:
        return KuboStore(settings.ipfs, timeout=settings.timeout)
    return FolderStore(settings.home / "store")


def open_signer(settings: Settings, chain_id: int, ask: Callable[[], str]) -> Signer:
    """The account that the settings name; `ask` prompts for a password. BadInput if they name none."""
    if settings.dev_account is not None:
        return accounts.from_mnemonic(settings.dev_account, chain_id)
    if settings.keystore is not None:
        file = settings.password_file
        return accounts.from_keystore(settings.keystore, partial(accounts.password_from, file) if file else ask)
    if settings.key is not None:
        return accounts.from_key(settings.key, chain_id, "GENGOV_KEY")
    raise BadInput(
        "nobody is named to sign",
        hint="give --keystore FILE; on a local chain --as ROLE or the environment variable GENGOV_KEY will do",
    )
