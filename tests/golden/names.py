"""Writes names.json: what other libraries call their activations, read from the source of the packages installed here.

    pip install --no-deps --target PATH keras timm torch transformers
    PYTHONPATH=PATH python tests/golden/names.py

Nothing of them is imported.
"""

import ast
import importlib.metadata
import importlib.util
import json
from pathlib import Path


def source(package, file):
    (folder,) = importlib.util.find_spec(package).submodule_search_locations
    return ast.parse((Path(folder) / file).read_text())


def assigned(tree, target):
    """The values that a module assigns to a name."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and any(ast.unparse(t) == target for t in node.targets)
    ]


def keras():
    tree = source("keras", "src/activations/__init__.py")
    (objects,) = assigned(tree, "ALL_OBJECTS")
    subscripts = [t for node in ast.walk(tree) if isinstance(node, ast.Assign) for t in node.targets]
    more = [ast.literal_eval(t.slice) for t in subscripts if ast.unparse(t).startswith("ALL_OBJECTS_DICT[")]
    return [*(e.id for e in objects.elts), *more]


def timm():
    tree = source("timm", "layers/create_act.py")
    keywords = {k.arg for n in ("_ACT_FN_DEFAULT", "_ACT_LAYER_DEFAULT") for v in assigned(tree, n) for k in v.keywords}
    calls = [n for n in ast.walk(tree) if isinstance(n, ast.Call) and ast.unparse(n.func) == "a.setdefault"]
    return [*keywords, *(c.args[0].value for c in calls)]


def torch():
    (names,) = assigned(source("torch", "nn/modules/activation.py"), "__all__")
    classes = ast.literal_eval(names)
    body = source("torch", "nn/functional.py").body
    functions = {n.name for n in body if isinstance(n, ast.FunctionDef)}
    functions |= {ast.unparse(t) for n in body if isinstance(n, ast.Assign) for t in n.targets}
    lower = {c.lower() for c in classes} | {"leaky_relu", "log_softmax", "gumbel_softmax"}
    return [*classes, *sorted(lower & functions)]


def transformers():
    (table,) = assigned(source("transformers", "activations.py"), "ACT2CLS")
    return [k.value for k in table.keys]


def main():
    found = {
        read.__name__: {"version": importlib.metadata.version(read.__name__), "names": sorted(set(read()))}
        for read in (keras, timm, torch, transformers)
    }
    Path(__file__).with_suffix(".json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
