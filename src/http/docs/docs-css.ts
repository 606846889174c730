// The page's stylesheet. Colours come in pairs, light and dark; each text has 4.5:1 on its ground.
export const DOCS_CSS = `:root {
  color-scheme: light dark;
  --sunken: light-dark(#f3f5f8, #161a21);
  --line: light-dark(#e1e4ea, #272c36);
  --dim: light-dark(#566070, #9aa4b4);
  --accent: light-dark(#3a4bc0, #9daaff);
}
* { box-sizing: border-box; }
body { margin: 0; font: 16px/1.6 system-ui, sans-serif; color: light-dark(#14181f, #e6e9ef); background: light-dark(#ffffff, #0e1116); }
h1, h2, h3, h4 { line-height: 1.3; margin: 2rem 0 0.5rem; }
section, article { margin-top: 3rem; border-top: 1px solid var(--line); }
p, ul, pre, figure { margin: 0.75rem 0; }
a, b { color: var(--accent); }
small, figcaption, li p { color: var(--dim); font-size: 0.875rem; font-weight: 400; }
code, pre { font: 0.875rem/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
pre { background: var(--sunken); border: 1px solid var(--line); padding: 0.75rem 1rem; overflow-x: auto; }
ul { list-style: none; padding: 0; }
ul ul { margin: 0; padding-left: 1.25rem; }
li, article details { border-top: 1px solid var(--line); padding: 0.5rem 0; }
li p { margin: 0; }
li > code:first-child { font-weight: 600; }
summary { padding: 0.5rem 0; cursor: pointer; }

main { max-width: 56rem; padding: 0 1rem 4rem; margin: 0 auto; }
nav { padding: 0.5rem 1rem; background: var(--sunken); font-size: 0.875rem; }
nav h2 { font-size: 0.875rem; margin: 1rem 0 0; }
nav a { display: block; padding: 0.25rem 0; color: inherit; text-decoration: none; }
nav a:hover { text-decoration: underline; }
body > a { position: absolute; left: -99rem; }
body > a:focus { left: 1rem; background: Canvas; z-index: 1; }
.copyable { position: relative; }
.copyable pre { padding-right: 5rem; white-space: pre-wrap; }
button { position: absolute; top: 0.5rem; right: 0.5rem; font: inherit; font-size: 0.875rem; }

@media screen and (min-width: 900px) {
  body:has(nav) { padding-left: 19rem; }
  nav { position: fixed; inset: 0 auto 0 0; width: 19rem; overflow-y: auto; }
}
`;
