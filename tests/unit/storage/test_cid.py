import hashlib

import pytest

from oracle.domain.errors import BadInput
from oracle.storage.cid import cid_of, digest_from_cid, digest_of

# `ipfs block put --cid-codec raw --mhtype sha2-256` of the two known texts.
KNOWN = {
    b"hello world": "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
    b"": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
}


@pytest.mark.parametrize("data", KNOWN)
def test_cid_is_the_one_that_ipfs_gives(data: bytes) -> None:
    assert cid_of(digest_of(data)) == KNOWN[data]


def test_cid_leads_back_to_the_digest() -> None:
    for i in range(200):
        digest = hashlib.sha256(bytes([i])).digest()
        assert digest_from_cid(cid_of(digest)) == digest


@pytest.mark.parametrize(
    "cid",
    [
        "",
        "QmYwAPJzv5CZsnA625s3Xf2nemtYgPpHdWEz79ojWnPbdG",
        "bafybeigdyrzt5sfp7udm7hu76uh7y26nf3efuylqabf3oclgtqy55fbzdi",
        KNOWN[b""].upper(),
        KNOWN[b""][:-1],
        "b" + "0" * 58,
        KNOWN[b""][:-1] + "v",
    ],
)
def test_cid_of_another_kind_is_refused(cid: str) -> None:
    with pytest.raises(BadInput, match=r"CID|base32|content"):
        digest_from_cid(cid)


def test_digest_of_wrong_length_is_refused() -> None:
    with pytest.raises(BadInput, match="31"):
        cid_of(bytes(31))
