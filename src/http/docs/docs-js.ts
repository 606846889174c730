// The page's only script, as the browser gets it: a button that copies a command. It reads the page and nothing else.
export const DOCS_JS = `for (const block of document.querySelectorAll(".copyable")) {
  const button = document.createElement("button");
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    const command = block.querySelector("pre");
    getSelection().selectAllChildren(command);
    await navigator.clipboard.writeText(command.textContent);
    button.textContent = "Copied";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });
  block.append(button);
}

// On a phone the contents would push the page down, and once one is chosen they are in the way.
const contents = document.querySelector("nav details");
const fold = () => { if (innerWidth < 900) contents.open = false; };
contents.addEventListener("click", ({ target }) => { if (target.closest("a")) fold(); });
fold();
`;
