"""The site builds without a warning, links to nothing that is not there, and works in a browser without a network."""

import fcntl
import os
import subprocess
import sys
import zlib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import browser
import public
import pytest

import jaxact

for package in ("sphinx", "furo", "myst_parser", "ziamath", "flax", "matplotlib"):
    pytest.importorskip(package, reason=f"the site needs the extra docs, and {package} is not installed")

pytestmark = pytest.mark.nightly
ROOT = Path(__file__).parents[2]
# One of each kind and those that are compared; all figures take minutes, and are drawn by the same few functions.
DRAWN = [
    "relu",
    "leaky_relu",
    "swish",
    "mish",
    "hard_shrink",
    "snake_beta",
    "tanh",
    "rational",
    "rrelu",
    "swiglu",
    "entmax",
]
DESKTOP, PHONE = (1300, 1000), (390, 844)
WIDTH = "document.documentElement.scrollWidth"


class Page(HTMLParser):
    """What a page links to, what it loads, what can be linked to in it."""

    def __init__(self, path):
        super().__init__()
        self.links, self.assets, self.anchors = [], [], {""}
        self.feed(path.read_text())

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.anchors.add(attrs.get("id", ""))
        if tag == "a" and "href" in attrs:
            self.links.append(attrs["href"])
        elif tag == "link" and "href" in attrs and attrs.get("rel") != "canonical":
            self.assets.append(attrs["href"])
        elif "src" in attrs:
            self.assets.append(attrs["src"])


@pytest.fixture(scope="session")
def site(tmp_path_factory):
    """The site, built by whichever process comes first."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if os.environ.get("PYTEST_XDIST_WORKER") else base
    site, log = shared / "site", shared / "site.log"
    with open(shared / "site.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not log.exists():
            drawn = f"figures={','.join(DRAWN)}"
            command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-D", drawn, ROOT / "docs", site]
            done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
            log.write_text(done.stdout if done.returncode or done.stdout.strip() else "")
    assert log.read_text() == "", log.read_text()
    return site


@pytest.fixture(scope="session")
def pages(site):
    return {path: Page(path) for path in sorted(site.rglob("*.html"))}


@pytest.fixture(scope="session")
def tab():
    if browser.installed() is None:
        pytest.skip(f"no browser: none of {', '.join(browser.NAMES)} is installed")
    with browser.page() as tab:
        yield tab


def test_every_activation_has_a_page(site):
    index = (site / "gallery" / "index.html").read_text()
    for record in jaxact.specs():
        assert (site / "gallery" / f"{record.name}.html").exists()
        assert f'href="{record.name}.html"' in index


def test_every_public_name_is_in_the_reference(site):
    raw = (site / "objects.inv").read_bytes().split(b"\n", 4)[4]
    found = {line.split(" ")[0] for line in zlib.decompress(raw).decode().splitlines()}
    wanted = {f"{module}.{name}" for module in public.available() for name in public.names(module)}
    assert not wanted - found


def test_links(pages):
    broken = []
    for path, page in pages.items():
        for link in (*page.links, *page.assets):
            url = urlsplit(link)
            if url.scheme or url.netloc:
                continue
            target = (path.parent / unquote(url.path)).resolve() if url.path else path
            if not target.exists() or (target in pages and unquote(url.fragment) not in pages[target].anchors):
                broken.append(f"{path.name}: {link}")
    assert not broken


def test_assets_are_local(site, pages):
    outside = [a for page in pages.values() for a in page.assets if urlsplit(a).scheme not in ("", "data")]
    assert not outside
    for sheet in site.rglob("*.css"):
        text = sheet.read_text()
        assert "url(http" not in text.replace('"', "").replace("'", "")
        assert "@import" not in text


def test_gallery_filter(site, tab):
    tab.resize(*DESKTOP)
    tab.open(site / "gallery" / "index.html")
    shown = "[...document.querySelectorAll('.card')].filter(c => c.offsetParent).map(c => c.querySelector('p a').text)"
    assert sorted(tab.ask(shown)) == [r.name for r in jaxact.specs()]
    kinds = {r.kind for r in jaxact.specs()}
    for kind in kinds:
        tab.ask(f"document.querySelector('.filter [data-kind={kind}]').click()")
        assert sorted(tab.ask(shown)) == [r.name for r in jaxact.specs(kind=kind)]
    tab.ask("document.querySelector('.filter [data-kind=learnable]').click()")
    assert sorted(tab.ask(shown)) == [r.name for r in jaxact.specs() if r.parameters]
    tab.ask("document.querySelector('.filter button').click()")
    assert len(tab.ask(shown)) == len(jaxact.specs())
    tab.open(site / "index.html")
    tab.open(site / "gallery" / "index.html", "#simplex")
    assert sorted(tab.ask(shown)) == [r.name for r in jaxact.specs(kind="simplex")]
    assert not tab.complaints


def test_the_drawn_have_their_figures(site):
    assert {jaxact.spec(name).kind for name in DRAWN} == {record.kind for record in jaxact.specs()}
    for name in DRAWN:
        page = (site / "gallery" / f"{name}.html").read_text()
        assert f"{name}-value.svg" in page
        assert ("Monotone" in page) == jaxact.spec(name).elementwise


def test_pages_of_activations(site, tab):
    """On a phone: all in its place, each formula in the font that was put beside it, nothing of its source left."""
    tab.resize(*PHONE, mobile=True)
    tab.requests.clear()
    for record in jaxact.specs():
        tab.open(site / "gallery" / f"{record.name}.html")
        formulas = tab.ask(
            "[...document.querySelectorAll('math')].map(m => [m.textContent, m.getBoundingClientRect().height,"
            " m.namespaceURI])"
        )
        assert formulas
        for text, height, namespace in formulas:
            assert height > 8
            assert namespace.endswith("MathML")
            assert not set(text) & set("\\$"), text
        assert tab.ask("document.querySelectorAll('merror').length") == 0
        assert tab.ask("[...document.fonts].every(f => f.status === 'loaded')")
        broken = "[...document.images].filter(i => !i.complete || !i.naturalWidth).map(i => i.src)"
        assert tab.ask(broken) == []
        assert tab.ask(WIDTH) <= PHONE[0], record.name
    _assert_quiet(tab)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_pages_fit_the_screen(site, pages, tab, size):
    tab.resize(*size, mobile=size == PHONE)
    tab.requests.clear()
    wide = []
    for path in pages:
        if path.parent.name == "gallery" and path.stem not in ("index", "mish", "swiglu"):
            continue  # test_pages_of_activations has been there, and all are alike
        tab.open(path)
        if (width := tab.ask(WIDTH)) > size[0]:
            wide.append(f"{path.relative_to(site)}: {width}")
    assert not wide
    _assert_quiet(tab)


def _assert_quiet(tab):
    """Nothing on the console, and nothing asked of a network."""
    assert not tab.complaints
    assert not [r for r in tab.requests if not r.startswith(("file:", "data:"))]
