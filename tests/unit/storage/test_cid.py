import pytest

from oracle.domain.errors import BadInput
from oracle.storage.cid import cid_of, digest_of

# `ipfs block put --cid-codec raw --mhtype sha2-256` of the two known texts.
KNOWN = {
    b"hello world": "bafkreifzjut3te2nhyekklss27nh3k72ysco7y32koao5eei66wof36n5e",
    b"": "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku",
}


@pytest.mark.parametrize("data", KNOWN)
def test_cid_is_the_one_that_ipfs_gives(data: bytes) -> None:
    assert cid_of(digest_of(data)) == KNOWN[data]


def test_digest_of_wrong_length_is_refused() -> None:
    with pytest.raises(BadInput, match="31"):
        cid_of(bytes(31))
