// The page's only script, as the browser gets it: a button that copies a command. It reads the page and nothing else.
export const DOCS_JS = `for (const block of document.querySelectorAll(".copyable")) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(block.querySelector("code").textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(block.querySelector("code"));
      button.textContent = "Selected";
    }
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.append(button);
}

// On a phone the contents would push the page down, and once one is chosen they are in the way.
const menu = document.querySelector(".menu");
const narrow = matchMedia("(max-width: 899px)");
const fold = () => { menu.open = !narrow.matches; };
narrow.addEventListener("change", fold);
menu.addEventListener("click", ({ target }) => {
  if (narrow.matches && target.closest("a")) menu.open = false;
});
fold();

// A link to something inside a folded answer opens it.
const reveal = () => {
  const target = document.getElementById(location.hash.slice(1));
  target?.closest("details")?.setAttribute("open", "");
};
addEventListener("hashchange", reveal);
`;
