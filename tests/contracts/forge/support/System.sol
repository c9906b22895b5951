// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {IGovernor} from "@openzeppelin/contracts/governance/IGovernor.sol";
import {MerkleProof} from "@openzeppelin/contracts/utils/cryptography/MerkleProof.sol";
import {Strings} from "@openzeppelin/contracts/utils/Strings.sol";

import {IBToken} from "contracts/interfaces/IBToken.sol";
import {ISlotTypes} from "contracts/interfaces/ISlotTypes.sol";

import {Deployed} from "./Deployed.sol";

/// @notice The whole organisation a month after its start, with a majority holder who follows every advice, a weight
/// setter, two honest bidders and an attacker; and one verb per thing that people do with it.
abstract contract System is Deployed {
    uint8 internal constant FOR = 1;

    address internal whale;
    address internal prompter;
    address internal rival;
    address internal attacker;

    /// @notice A posted proposal with all that is needed to carry it on.
    struct Posted {
        uint256 e;
        uint256 slotId;
        uint256 id;
        ISlotTypes.Actions actions;
        bytes32 descriptionHash;
    }

    function setUp() public virtual override {
        super.setUp();
        whale = _member("whale", 900 * TOKEN, 0);
        _join(setter, 40 * TOKEN, 20 * TOKEN);
        prompter = _member("prompter", 40 * TOKEN, 20 * TOKEN);
        rival = _member("rival", 40 * TOKEN, 20 * TOKEN);
        attacker = _member("attacker", 40 * TOKEN, 20 * TOKEN);
        vm.prank(whale);
        token.delegate(whale);
        skip(31 days);
    }

    // People

    /// @notice A new account with `tokens` bought on the curve, `collateral` of them put up, and money for bonds.
    function _member(string memory name, uint256 tokens, uint256 collateral) internal returns (address account) {
        account = _actor(name);
        _join(account, tokens, collateral);
    }

    function _join(address account, uint256 tokens, uint256 collateral) internal {
        _buy(account, tokens);
        usdc.mint(account, 10_000 * USD);
        vm.startPrank(account);
        usdc.approve(address(slots), type(uint256).max);
        token.approve(address(slots), type(uint256).max);
        vm.stopPrank();
        if (collateral == 0) return;
        skip(1 days);
        vm.prank(account);
        slots.depositCollateral(collateral);
    }

    function _buy(address account, uint256 tokens) internal returns (uint256 cost) {
        cost = token.costToMint(tokens);
        usdc.mint(account, cost);
        vm.startPrank(account);
        usdc.approve(address(token), cost);
        token.permissionlessMint(tokens, cost, block.timestamp);
        vm.stopPrank();
    }

    function _sell(address account, uint256 tokens) internal returns (uint256 reward) {
        vm.prank(account);
        reward = token.redeem(tokens, 0, block.timestamp);
    }

    /// @notice What an account could take away: its reserve tokens, and its tokens (collateral and owed rewards
    /// included) sold on the curve, in reserve units. Money that {_buy} gave it counts as well.
    function _worth(address account) internal view returns (uint256) {
        uint256 tokens = token.balanceOf(account) + slots.collateralOf(account) + slots.owedReward(account);
        return usdc.balanceOf(account) + token.rewardForBurn(tokens);
    }

    // The auction

    /// @notice Goes to the start of the commit phase of the next epoch that nobody could bid for yet.
    function _nextEpoch() internal returns (uint256 e) {
        e = slots.currentEpoch() + 2;
        vm.warp(slots.windowsOf(e).commitStart);
    }

    function _opening(address bidder, uint256 amount) internal view returns (ISlotTypes.Opening memory) {
        return ISlotTypes.Opening(amount, model, keccak256(_prompt(bidder)), keccak256(abi.encode("salt", bidder)));
    }

    /// @notice The prompt of a bidder; the contracts see no more of it than its hash and length.
    function _prompt(address bidder) internal pure returns (bytes memory) {
        return bytes(string.concat('{"objective":"fund what helps","prompter":"', Strings.toHexString(bidder), '"}'));
    }

    function _commit(uint256 e, address bidder, uint256 amount, uint256 deposit) internal {
        bytes32 commitment = slots.commitmentOf(e, bidder, _opening(bidder, amount));
        vm.prank(bidder);
        slots.commitBid(e, commitment, deposit);
    }

    function _reveal(uint256 e, address bidder, uint256 amount) internal {
        if (block.timestamp < slots.windowsOf(e).revealStart) vm.warp(slots.windowsOf(e).revealStart);
        slots.revealBid(e, bidder, _opening(bidder, amount));
    }

    function _settle(uint256 e) internal {
        if (block.timestamp < slots.epochStart(e)) vm.warp(slots.epochStart(e));
        slots.settleAuction(e);
    }

    function _fixSeed(uint256 e) internal {
        uint256 seedBlock = slots.auction(e).seedBlock;
        vm.roll(seedBlock + 1);
        vm.setBlockhash(seedBlock, keccak256(abi.encode("block", seedBlock)));
        slots.fixSeed(e);
    }

    /// @notice `bidder` wins the next epoch, alone, and has its seed.
    function _win(address bidder, uint256 amount) internal returns (uint256 e) {
        e = _nextEpoch();
        _commit(e, bidder, amount, amount);
        _reveal(e, bidder, amount);
        _settle(e);
        _fixSeed(e);
    }

    // The proposal

    /// @notice The winner of `e` posts what its model answered: these calls.
    function _post(uint256 e, ISlotTypes.Actions memory actions) internal returns (Posted memory posted) {
        address winner = slots.auction(e).winner;
        (ISlotTypes.Generation memory generation, ISlotTypes.LeafProof memory proof) = _generation(e, actions);
        vm.prank(winner);
        posted.id = slots.updatePrompt(e, generation, proof, actions, "ipfs://data", _prompt(winner));
        posted.e = e;
        posted.slotId = slots.openSlot();
        posted.actions = actions;
        posted.descriptionHash = keccak256(
            bytes(
                string.concat(
                    "gengov/epoch/", Strings.toString(e), "/", Strings.toHexString(uint256(generation.dataDigest), 32)
                )
            )
        );
    }

    /// @notice A clear sample whose median answer compiles to `actions`, under the seed of the chain.
    function _generation(uint256 e, ISlotTypes.Actions memory actions)
        internal
        view
        returns (ISlotTypes.Generation memory generation, ISlotTypes.LeafProof memory proof)
    {
        proof = ISlotTypes.LeafProof(keccak256("tokens"), keccak256("payload"), keccak256("text"), new bytes32[](7));
        for (uint256 i = 0; i < 7; ++i) {
            proof.path[i] = keccak256(abi.encode("sibling", i));
        }
        bytes32 calls = keccak256(abi.encode(actions.targets, actions.values, actions.calldatas));
        bytes32 payload = keccak256(abi.encode(proof.payloadJsonHash, calls));
        bytes32 inner = keccak256(abi.encode(uint256(42), proof.tokensHash, payload, proof.textHash, true));
        bytes32 root = MerkleProof.processProof(proof.path, keccak256(bytes.concat(inner)));
        generation = ISlotTypes.Generation({
            templateId: TEMPLATE,
            samplerId: SAMPLER,
            modelId: slots.auction(e).modelId,
            samplesRoot: keccak256(abi.encode("gengov/samples/v1", slots.auction(e).seed, root)),
            pick: 42,
            gammaBps: 5_000,
            dispersionBps: 1_000,
            dataDigest: sha256(abi.encode("data", e))
        });
    }

    function _call(address target, bytes memory data) internal pure returns (ISlotTypes.Actions memory actions) {
        actions = ISlotTypes.Actions(new address[](1), new uint256[](1), new bytes[](1));
        actions.targets[0] = target;
        actions.calldatas[0] = data;
    }

    /// @notice The usual answer: fund somebody with newly minted tokens.
    function _fund(address to, uint256 tokens) internal view returns (ISlotTypes.Actions memory) {
        return _call(address(token), abi.encodeCall(IBToken.governanceMint, (to, tokens)));
    }

    /// @notice The majority votes for the proposal, and it is queued and executed as soon as it can be.
    function _pass(Posted memory posted) internal {
        vm.warp(governance.proposalSnapshot(posted.id) + 1);
        vm.prank(whale);
        governance.castVote(posted.id, FOR);
        vm.warp(governance.proposalDeadline(posted.id) + 1);
        ISlotTypes.Actions memory calls = posted.actions;
        governance.queue(calls.targets, calls.values, calls.calldatas, posted.descriptionHash);
        vm.warp(governance.proposalEta(posted.id));
        governance.execute(calls.targets, calls.values, calls.calldatas, posted.descriptionHash);
        assertTrue(governance.state(posted.id) == IGovernor.ProposalState.Executed, "executed");
    }

    /// @notice A whole slot up to the execution of its proposal, which funds a project with one token.
    function _runSlot(address bidder, uint256 amount) internal returns (Posted memory posted) {
        posted = _post(_win(bidder, amount), _fund(_actor("project"), TOKEN));
        _pass(posted);
    }

    // The reward

    function _matureAndSettle(uint256 slotId) internal returns (ISlotTypes.Outcome memory) {
        if (block.timestamp < slots.matureAt(slotId)) vm.warp(slots.matureAt(slotId));
        return slots.settleReward(slotId);
    }
}
