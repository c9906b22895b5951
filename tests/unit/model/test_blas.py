"""The thread count of matrix products is set for a while and put back."""

import pytest

from oracle.model import blas


def threads() -> int:
    count = blas._function("get_num_threads")
    if count is None:
        pytest.skip("numpy was built on another library than OpenBLAS")
    return int(count())


def test_blas_threads__within_and_after__set_and_put_back_even_after_an_error() -> None:
    before = threads()
    with pytest.raises(RuntimeError), blas.blas_threads(1):
        assert threads() == 1
        raise RuntimeError
    assert threads() == before


def test_blas_threads__another_library__changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "_function", lambda name: None)
    with blas.blas_threads(1):
        assert blas.kernel_name() == ""


def test_kernel_name__openblas__names_the_processor() -> None:
    threads()
    assert blas.kernel_name().isalnum()
