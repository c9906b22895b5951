"""The thread count of matrix products is set for a while and put back."""

import pytest
import scipy.linalg

from oracle.model import blas


def threads() -> list[int]:
    assert scipy.linalg.solve([[2.0]], [1.0]) == [0.5], "which loads the library that scipy brings along"
    found = [int(count()) for count in blas._functions("get_num_threads")]
    if not found:
        pytest.skip("numpy was built on another library than OpenBLAS")
    return found


def test_blas_threads__within_and_after__set_and_put_back_even_after_an_error() -> None:
    before = threads()
    with pytest.raises(RuntimeError), blas.blas_threads(1):
        assert set(threads()) == {1}
        raise RuntimeError
    assert threads() == before


def test_blas_threads__another_library__changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "_functions", lambda name: [])
    with blas.blas_threads(1):
        assert blas.kernel_name() == ""


def test_kernel_name__openblas__names_the_processor() -> None:
    threads()
    assert blas.kernel_name().isalnum()
