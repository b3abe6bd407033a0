"""The arrows between our modules: which way they point, and what an import of the package draws in."""

from __future__ import annotations

import graphlib

import grimp


def test_no_module_imports_itself_by_way_of_others() -> None:
    # Imports within functions count: one that is late to hide a circle is a circle.
    graph = grimp.build_graph(
        "flask_w4r", "benchmarks", "example_app", "tests", exclude_type_checking_imports=True, cache_dir=None
    )
    arrows = {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}
    try:
        graphlib.TopologicalSorter(arrows).prepare()
    except graphlib.CycleError as error:
        raise AssertionError(" -> ".join(error.args[1])) from None
