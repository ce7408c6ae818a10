// The reader's language: that of the words to search for, if Cyrillic; then that of the last page
// that exists in both; otherwise the browser's.
const root = document.documentElement;
const query = (new URLSearchParams(location.search).get("q") || "").trim();
root.dataset.reader = /[а-яё]/i.test(query) ? "ru"
  : localStorage.getItem("language") || navigator.language.slice(0, 2);

// The pages of the reader's language come first, and the site's title leads to their index.
if (root.dataset.reader === "ru") {
  const tree = document.querySelector(".sidebar-tree");
  const [caption, pages] = [".caption", "ul"].map((part) => `:scope > ${part}:last-of-type`);
  tree.prepend(tree.querySelector(caption), tree.querySelector(pages));
  removeTranslated(tree);
  for (const link of document.querySelectorAll(".sidebar-brand, .header-center a"))
    link.href = `${root.dataset.content_root}docs/README.ru.html`;
}

/** Remove the English pages that the menu has in Russian, too. */
function removeTranslated(tree) {
  const links = [...tree.querySelectorAll("a.reference")];
  const places = new Set(links.map((link) => link.pathname));
  for (const link of links)
    if (places.has(link.pathname.replace(/\.html$/, ".ru.html"))) link.closest("li").remove();
}

/** Translate what Furo has in English only, and the groups of English pages. */
function translateFrame() {
  const labels = {
    "Toggle site navigation sidebar": "Показать или скрыть список страниц",
    "Toggle table of contents sidebar": "Показать или скрыть содержание страницы",
    "Toggle Light / Dark / Auto color theme": "Светлая, тёмная или системная тема",
  };
  const groups = {
    Learn: "учиться", Teach: "преподавать", Use: "применять", Run: "эксплуатировать",
    Extend: "развивать",
  };
  for (const [english, russian] of Object.entries(labels))
    for (const part of document.querySelectorAll(`[aria-label="${english}"]`))
      part.setAttribute("aria-label", russian);
  for (const caption of document.querySelectorAll(".caption-text"))
    if (groups[caption.textContent])
      caption.textContent = `По-английски: ${groups[caption.textContent]}`;
  const footer = document.querySelector(".left-details").firstChild;
  footer.data = footer.data.replace("Made with", "Сделано с помощью");
}
if (root.lang === "ru") translateFrame();

/** Return a pattern of what `source` matches, as whole words. */
function wholeWords(source) {
  return new RegExp(`(?<![\\p{L}\\p{N}_])(?:${source})(?![\\p{L}\\p{N}_])`, "giu");
}

// "таймаут" finds "тайм-аут", too, "сбросить" finds "сбрасывать", and "еще" finds "ещё".
const spellings = {"о": "[оа]", "а": "[оа]", "е": "[её]", "ё": "[её]"};
const inAnySpelling = (word) => [...word].map((letter) => spellings[letter] || letter).join("-?");

/** Return a pattern of words that begin with one of `words`; short ones are exact. */
function wordPattern(words) {
  const parts = words.map((word) => word.length < 3 || /\d/.test(word) ? word
    : `${word.length < 5 ? word : inAnySpelling(word)}\\p{L}*`);
  return wholeWords(parts.length ? parts.join("|") : "(?!)");
}

/** Mark the words that `pattern` finds in an element. */
function markWords(element, pattern) {
  const walker = document.createTreeWalker(element, NodeFilter.SHOW_TEXT), texts = [];
  while (walker.nextNode()) texts.push(walker.currentNode);
  for (const text of texts) {
    for (const found of [...text.data.matchAll(pattern)].reverse()) {
      const word = text.splitText(found.index), mark = document.createElement("span");
      word.splitText(found[0].length);
      mark.className = "highlighted";
      word.replaceWith(mark);
      mark.append(word);
    }
  }
}

// Sphinx would mark parts of words, too. The search page has stored the words.
SphinxHighlight.highlightSearchWords = () => {
  const words = localStorage.getItem("sphinx_highlight_terms")?.split(" ").filter(Boolean);
  localStorage.removeItem("sphinx_highlight_terms");
  if (words?.length) markWords(document.querySelector("article"), wordPattern(words));
};
