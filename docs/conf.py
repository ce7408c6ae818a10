"""Configuration of the documentation site: `make docs`.

The source folder is the checkout, so that links between Markdown files work on the site as they do
in the files.
"""

from __future__ import annotations

import gettext
import importlib
import json
import re
import sys
from collections.abc import Iterator
from os.path import normpath
from pathlib import Path

import sphinx
from docutils import nodes
from mdit_py_plugins.anchors.index import slugify
from sphinx.addnodes import download_reference, pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.search.en import SearchEnglish
from sphinx.search.ru import SearchRussian
from zope.interface.interface import InterfaceClass

from twisted_lab import __version__
from twisted_lab.check.catalogue import Catalogue
from twisted_lab.text.language import LANGUAGES, _, use

ROOT = Path(__file__).parent.parent
INDEX = "docs/README"
API = [
    "twisted_lab.serving",
    "twisted_lab.serving.storage",
    "twisted_lab.channels",
    "twisted_lab.testing",
    "twisted_lab.message_socket",
    "twisted_lab.login",
    "twisted_lab.faults",
    "twisted_lab.check.api",
]

SPHINX = Path(sphinx.__file__).parent
RUSSIAN = gettext.translation("sphinx", SPHINX / "locale", ["ru"])
RUSSIAN_SEARCH = (SPHINX / "locale/ru/LC_MESSAGES/sphinx.js").read_text("utf-8")
RUSSIAN_FURO = {  # Furo has no translations of its own texts
    "Back to top": "К началу страницы",
    "Home": "Все страницы",
    "Next": "Дальше",
    "On this page": "На этой странице",
    "Previous": "Назад",
    "Skip to content": "К содержанию",
}

project = "twisted_lab"
release = version = __version__
root_doc = INDEX
include_patterns = [
    "*.md",
    "docs/**.md",
    "examples/*/README.md",
    "newsfragments/README.md",
    "packaging/*/README.md",
]
exclude_patterns = [".*", "docs/_build"]  # Sphinx follows .venv otherwise

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon"]
myst_heading_anchors = 6
default_role = "py:obj"  # `name` in a docstring is a link if the site has that name
autodoc_default_options = {"show-inheritance": True}
autodoc_preserve_defaults = True
add_module_names = False
ascii_id = nodes.make_id
nodes.make_id = lambda text: ascii_id(text) if text.isascii() else slugify(text)  # not "id8"
InterfaceClass.__repr__ = lambda self: self.__name__  # in annotations
autodoc_typehints_format = "short"
napoleon_use_ivar = True

# The site of Twisted would have to be asked for its names, and `name` may be anything.
nitpicky = True
nitpick_ignore_regex = [("py:.*", r"(?!twisted_lab).*")]

html_theme = "furo"
html_title = f"twisted_lab {release}"
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_extra_path = ["site"]  # leads from the top folder to the index page
html_static_path = ["static"]
html_css_files = ["site.css"]
html_js_files = [("reader.js", {"priority": 450})]  # before search.js
html_search_language = "en-ru"  # SearchWords below


def prepare_page(_: Sphinx, page: str, source: list[str]) -> None:
    """Improve the links of a page for the site.

    Those to folders become text, those that have the name of a page as their text get its title,
    and those of the index come into the sidebar, too.
    """
    folder = (ROOT / page).parent
    text = re.sub(
        r"\[([^]]+)\]\(([\w./-]+)\)",
        lambda link: link[1] if folder.joinpath(link[2]).is_dir() else link[0],
        source[0],
    )
    text = re.sub(r"\[[\w./-]+\.md\](\([\w./-]+\.md[)#])", r"[]\1", text)
    if page == INDEX:
        for heading, section in re.findall(r"^## (.+)\n((?:(?!## ).*\n)+)", text, re.M):
            links = re.findall(r"^- \[`?([^]`]+)`?\]\(([^)]+)\)", section, re.M)
            pages = "\n".join(f"{title} <{target}>" for title, target in links)
            if pages:
                text += f"\n```{{toctree}}\n:hidden:\n:caption: {heading}\n\n{pages}\n```\n"
    source[0] = text


def find_name(
    app: Sphinx, env: BuildEnvironment, node: pending_xref, text: nodes.TextElement
) -> nodes.Node | None:
    """Find the page of a name in an annotation.

    An annotation has the module that defines the name; users import it from another one. The names
    that they need not import become text.
    """
    defining, _, name = node["reftarget"].rpartition(".")
    named = getattr(sys.modules.get(defining), name, None)
    if node["refdomain"] != "py" or not named:
        return None
    domain = env.domains.python_domain
    for module in map(importlib.import_module, API):
        if getattr(module, name, None) is named:
            public = f"{module.__name__}.{name}"
            if page := domain.resolve_xref(
                env, node["refdoc"], app.builder, "obj", public, node, text
            ):
                return page
    return text


class SearchWords(SearchEnglish):
    """Give search.js English and Russian stems; it looks for words in sections.js itself."""

    lang = html_search_language
    language_name = "English and Russian"
    js_splitter_code = (  # ES-9 is one word
        "var splitQuery = (query) =>"
        " query.match(/\\b[a-z]{2}-\\d+\\b|[\\p{L}\\p{N}_]+/giu) || [];\n"
    )
    stopwords = SearchEnglish.stopwords | SearchRussian.stopwords
    js_stemmer_rawcode = ""  # the code of both languages follows
    js_stemmer_code = "".join(
        (SPHINX / f"search/minified-js/{name}-stemmer.js").read_text("utf-8") + "\n"
        for name in ("base", "english", "russian")
    ) + (
        "const english = new EnglishStemmer(), russian = new RussianStemmer();\n"
        "window.Stemmer = function () {\n"
        "  this.stemWord = (word) => (/[а-яё]/.test(word) ? russian : english).stemWord(word);\n"
        "};\n"
    )

    def word_filter(self, word: str) -> bool:
        """Keep all words out of the index that Sphinx makes."""
        return False


def choose_language(
    app: Sphinx, page: str, _template: str, context: dict[str, object], _tree: object
) -> None:
    """Give a translated page its language: for browsers, and in the texts around it.

    The search page speaks Russian to Russian readers; reader.js knows them by the last page that
    exists in both languages. The index is none of these: readers of Russian come across it.
    """
    texts: gettext.NullTranslations = gettext.NullTranslations()
    if page.endswith(".ru"):
        context["language"] = "ru"
        texts = RUSSIAN
        context["body"] = str(context["body"]).replace(
            'title="Link to this heading"', 'title="Ссылка на этот раздел"'
        )
        context["master_doc"] = f"{INDEX}.ru"
    if page == "search":
        app.add_js_file("sections.js")
        app.add_js_file("search.js")
        app.add_js_file(None, body=f"if (isRussian) {{\n{RUSSIAN_SEARCH}\n}}")
    elif page.endswith(".ru") or (page != INDEX and f"{page}.ru" in app.env.found_docs):
        remember = "localStorage.setItem('language', document.documentElement.lang)"
        app.add_js_file(None, body=remember, priority=400)  # before reader.js

    def translate(text: str) -> str:
        return (texts is RUSSIAN and RUSSIAN_FURO.get(text)) or texts.gettext(text)

    app.builder.templates.environment.install_gettext_callables(translate, texts.ngettext)


def link_programs(app: Sphinx, tree: nodes.document) -> None:
    """Let links to programs lead to pages that show them: browsers save files.

    Those of a Russian page have a name that ends in ``.ru``, and so the Russian menu.
    """
    language = Path(app.env.docname).suffix  # ".ru" or ""
    for link in list(tree.findall(download_reference)):
        path, _ = app.env.relfn2path(link["reftarget"])
        if path.endswith(".py"):
            uri = "../" * app.env.docname.count("/") + f"{path}{language}.html"
            link.replace_self(nodes.reference("", "", *link.children, internal=True, refuri=uri))


def show_programs(app: Sphinx) -> Iterator[tuple[str, dict[str, object], str]]:
    """Make the pages that `link_programs` has linked."""
    for path in sorted(
        {
            normpath(Path(page).parent / link["refuri"].removesuffix(".html"))
            for page in app.env.found_docs
            for link in app.env.get_doctree(page).findall(nodes.reference)
            if link.get("refuri", "").endswith((".py.html", ".py.ru.html"))
        }
    ):
        name = path.removesuffix(".ru")
        program = app.builder.highlighter.highlight_block((ROOT / name).read_text(), "python")
        yield path, {"title": name, "body": f"<h1>{name}</h1>\n{program}"}, "page.html"


def write_sections(app: Sphinx, error: Exception | None) -> None:
    """Write what search.js searches: all sections, and the requirements of the checker."""
    if error:
        return
    sections = []
    for page in sorted(app.env.found_docs):
        tree = app.env.get_doctree(page)
        for hidden in [*tree.findall(nodes.raw), *tree.findall(nodes.comment)]:
            hidden.parent.remove(hidden)
        for section in tree.findall(nodes.section):
            own = [part.astext() for part in section[1:] if not isinstance(part, nodes.section)]
            place = {"page": page, "anchor": section["ids"][0]}
            titles = {"pageTitle": app.env.titles[page].astext(), "title": section[0].astext()}
            sections.append(place | titles | {"text": " ".join(" ".join(own).split())})
    requirements = {}
    for each in LANGUAGES:
        use(each)
        requirements[each] = {
            known.id: _(known.text) for known in Catalogue().requirements.values()
        }
    (app.outdir / "_static/sections.js").write_text(
        f"const sections = {json.dumps(sections, ensure_ascii=False)};\n"
        f"const requirements = {json.dumps(requirements, ensure_ascii=False)};\n"
    )


def shorten_signature(
    _app: Sphinx,
    _what: str,
    _name: str,
    value: object,
    _options: object,
    arguments: str | None,
    result: str | None,
) -> tuple[str | None, str | None]:
    """Hide the arguments of a `typing.Protocol`; name the defaults that are no expressions."""
    if getattr(value, "_is_protocol", False):
        arguments = ""
    return arguments and re.sub(r"<([\w.]+)[^>]*>", r"\1", arguments), result


def setup(app: Sphinx) -> None:
    """Connect the functions above."""
    app.add_search_language(SearchWords)
    app.connect("source-read", prepare_page)
    app.connect("missing-reference", find_name)
    app.connect("doctree-read", link_programs, priority=400)  # before files are copied
    app.connect("html-collect-pages", show_programs)
    app.connect("html-page-context", choose_language)
    app.connect("build-finished", write_sections)
    app.connect("autodoc-process-signature", shorten_signature)
