"""Builds the site from these pages and the docstrings: ``scripts/docs``."""

from __future__ import annotations

import builtins
import inspect
import posixpath
import sys
from enum import Enum
from importlib.metadata import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from sphinx.addnodes import pending_xref  # noqa: E402
from sphinx.ext.napoleon import Config, GoogleDocstring  # noqa: E402
from sphinx.util.nodes import find_pending_xref_condition  # noqa: E402
from typing_extensions import Self  # noqa: E402

import godot_enet  # noqa: E402
from tools.links import address_of, rewrite_links  # noqa: E402
from tools.public_names import find_object, public_objects, public_types  # noqa: E402

if TYPE_CHECKING:
    from docutils.nodes import Element
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

METADATA = metadata("godot_enet")
URLS = dict(line.split(", ", 1) for line in METADATA.get_all("Project-URL") or ())
REPOSITORY = URLS.get("Repository")
PUBLIC = public_types()
SECTIONS = Config(napoleon_use_param=True, napoleon_use_rtype=False)

project = "godot_enet"
author = METADATA["Author"]
release = version = godot_enet.__version__
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx_copybutton",
]
exclude_patterns = ["images"]
nitpicky = True
STANDARD = "array|asyncio|collections|enum|logging|os|pathlib|pygame|socket|traceback|typing|typing_extensions|weakref"
nitpick_ignore_regex = [
    (r"py:(class|exc|obj|meth|func|data)", rf"({STANDARD})\..*"),  # links to them would need the network
    (r"py:(class|obj)", r"(.*\.)?(_[A-Z]|AnyPollable)"),  # type variables
]
suppress_warnings = ["misc.highlighting_failure"]  # diagrams, and annotations of GDScript

myst_heading_anchors = 4

autodoc_default_options = {
    "members": True,
    "undoc-members": True,
    "member-order": "groupwise",
    # The methods of mixins belong to the class; those of public and built-in bases are described there.
    "inherited-members": "PacketPeer,MultiplayerPeer,MultiplayerAPI,Node,IntEnum,IntFlag,Exception,Generic,ABC,tuple,"
    "list,bytearray,array,str,MutableMapping,MutableSequence,int,Enum,Flag,ReprEnum",
}
autodoc_docstring_signature = False  # those of built-in methods are prose
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 88
toc_object_entries_show_parents = "hide"

html_theme = "furo"
html_title = f"godot_enet {release}"
html_show_copyright = False
html_show_sphinx = False
html_copy_source = False
html_theme_options: dict[str, Any] = {}
if REPOSITORY:
    html_theme_options |= {"source_repository": REPOSITORY, "source_branch": "main", "source_directory": "docs/"}
html_baseurl = URLS.get("Documentation", "")
copybutton_exclude = ".linenos, .gp, .go"


def site_link(path: str, folder: str) -> str | None:
    """Where a link to this path of the checkout leads from a page of this folder of the site."""
    if path == "README.md":
        path = "docs/index.md"
    elif "/" not in path and path.endswith(".md"):
        path = f"docs/{path.lower()}"
    elif not path.startswith("docs/"):
        if REPOSITORY:
            return address_of(path, REPOSITORY, f"v{release}")
        if path.endswith(".md") or not (ROOT / path).is_file():
            return None  # only files can be copied, as they are
    return posixpath.relpath(path, posixpath.join("docs", folder))


def rewrite_page(app: Sphinx, name: str, content: list[str]) -> None:
    folder = posixpath.dirname(name)
    content[0] = rewrite_links(content[0], f"docs/{name}.md", lambda path: site_link(path, folder))


def rewrite_included(app: Sphinx, path: Path, parent: str, content: list[str]) -> None:
    name = posixpath.normpath(posixpath.join("docs", path.as_posix()))
    content[0] = rewrite_links(content[0], name, lambda target: site_link(target, ""))


def drop_enum_aliases() -> None:
    """Describe the values of an enum with the enum only, not again as ENetConnection.EVENT_NONE and the like."""
    owners = {base for _, value in public_objects() if inspect.isclass(value) for base in value.__mro__}
    for owner in owners:
        if owner.__module__.startswith("godot_enet") and not issubclass(owner, Enum):
            for name in [name for name, value in vars(owner).items() if isinstance(value, Enum)]:
                if not name.startswith("_") and id(type(vars(owner)[name])) in PUBLIC:
                    delattr(owner, name)
    # It has another name where it is defined, and autodoc describes a class by its own name only.
    godot_enet.ENetConnection.ConnectVerdict.__name__ = "ConnectVerdict"


def format_docstring(app: Sphinx, what: str, name: str, of: object, options: object, lines: list[str]) -> None:
    """Show the base of a class, and the sections: arguments, results, exceptions."""
    if what in ("attribute", "data", "property"):
        return  # sphinx.ext.napoleon would take the words before a colon for a type
    if inspect.isclass(of) and PUBLIC.get(id(of)) == name:
        hidden = ("godot_enet", "abc", "typing", "builtins.object")
        for base in of.__mro__[1:]:
            path = f"{base.__module__}.{base.__qualname__}"
            if id(base) in PUBLIC or not path.startswith(hidden):
                lines[:0] = [
                    f"Base: :class:`~{PUBLIC[id(base)]}`" if id(base) in PUBLIC else f"Base: ``{base.__qualname__}``",
                    "",
                ]
                break
    lines[:] = GoogleDocstring(lines, SECTIONS, app, what, name, of, options).lines()


def format_signature(
    app: Sphinx, what: str, name: str, of: object, options: object, signature: str | None, returns: str | None
) -> tuple[str | None, str | None]:
    """Leave out what only our own classes pass, and write factories of dataclasses so that they parse."""
    if signature and what in ("class", "exception") and inspect.isclass(of) and issubclass(of, Enum):
        return "", None
    return signature and signature.replace("<factory>", "..."), returns


def unlink_builtins(app: Sphinx, document: Element) -> None:
    """Leave ``bytes`` and the like as they are, where members have the same name."""
    for node in list(document.findall(pending_xref)):
        if node.get("refdomain") == "py" and hasattr(builtins, node["reftarget"]):
            short = find_pending_xref_condition(node, "resolved")
            node.replace_self((node if short is None else short).children)


def link_public_name(app: Sphinx, env: BuildEnvironment, node: Element, text: Element) -> Element | None:
    """Lead a reference to the module that defines a class to the name that it is documented by."""
    if node.get("refdomain") != "py":
        return None
    name = PUBLIC.get(id(find_object(node["reftarget"])))
    if name is None:
        return None
    return env.domains["py"].resolve_xref(env, node["refdoc"], app.builder, "obj", name, node, text)


def setup(app: Sphinx) -> None:
    drop_enum_aliases()
    for module in [module for name, module in sys.modules.items() if name.startswith("godot_enet")]:
        for name in (*godot_enet.__all__, "Self"):  # what is imported for type checkers only
            vars(module).setdefault(name, getattr(godot_enet, name, Self))
    app.connect("source-read", rewrite_page)
    app.connect("include-read", rewrite_included)
    app.connect("autodoc-process-signature", format_signature)
    app.connect("autodoc-process-docstring", format_docstring)
    app.connect("doctree-read", unlink_builtins)
    app.connect("missing-reference", link_public_name)
