"""The page that the tests of an accelerator write, as it reads."""

from tests.accelerator.page import markdown

FOUND = {
    "kind": "mps",
    "facts": {
        "cuda": [],
        "accelerators": [{"name": "Apple M9"}],
        "torch": {"version": "2.8.0"},
        "python": {"version": "3.12.1"},
        "os": {"name": "macOS 15"},
        "libraries": {"coursebench": "0.1.0"},
    },
    "capabilities": {"cpu": "", "mps": "", "peak memory of mps": "torch.mps keeps no high-water mark"},
    "tests": {
        "test_wall": {"outcome": "passed", "10 products (ms)": 12.5},
        "test_memory": {"outcome": "failed", "why": "assert 1 |\n  2", "peak": None},
        "test_device": {"outcome": "skipped", "why": "no device time: too short"},
    },
}


def test_the_page_names_the_machine_what_it_lacks_and_how_each_test_ended():
    page = markdown(FOUND).splitlines()
    assert page[0] == "# mps: Apple M9"
    assert page[2] == "torch 2.8.0, Python 3.12.1, macOS 15, coursebench 0.1.0; 1 failed, 1 passed, 1 skipped"
    assert "| peak memory of mps | torch.mps keeps no high-water mark |" in page
    assert "| test_wall | passed | 10 products (ms): 12.5 |" in page
    assert "| test_memory | failed | assert 1 \\| 2; peak: None |" in page
    assert "| test_device | skipped | no device time: too short |" in page
    assert not any("| cpu |" in line for line in page)
