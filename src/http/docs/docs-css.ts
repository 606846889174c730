// The page's stylesheet. Colours come in pairs, light and dark; each text has 4.5:1 on its ground.
export const DOCS_CSS = `:root {
  color-scheme: light dark;
  --ground: light-dark(#ffffff, #0d0f13);
  --side: light-dark(#f6f7f9, #12151b);
  --sunken: light-dark(#f3f5f8, #161a21);
  --line: light-dark(#e1e4ea, #272c36);
  --text: light-dark(#14181f, #e6e9ef);
  --dim: light-dark(#566070, #9aa4b4);
  --accent: light-dark(#3a4bc0, #9daaff);
  --get: light-dark(#0b6b43, #5dd3a0);
  --get-ground: light-dark(#e2f4ea, #10291f);
  --post: light-dark(#3242ab, #b1bcff);
  --post-ground: light-dark(#eceffc, #1e2340);
  --warn: light-dark(#7d4a00, #f1bb5c);
  --warn-ground: light-dark(#fcf0d9, #2e230e);
  --bad: light-dark(#b01e33, #ff8f98);
  --bad-ground: light-dark(#fdeaec, #35151b);
  --mono: ui-monospace, "SF Mono", "Cascadia Mono", "Liberation Mono", monospace;
}
*, *::before, *::after { box-sizing: border-box; }
html { scroll-padding-top: 1.5rem; -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--ground); color: var(--text); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Liberation Sans", sans-serif; }
h1, h2, h3, h4, p, ul, dl, dd, pre, figure { margin: 0; padding: 0; }
a { color: var(--accent); text-underline-offset: 0.15em; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
code, pre { font-family: var(--mono); font-size: 0.875em; }
p code, li p code, dd code { background: var(--sunken); padding: 0.1em 0.3em; border-radius: 4px; overflow-wrap: anywhere; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: 1rem; background: var(--ground); padding: 0.5rem 1rem; z-index: 2; }

.shell { display: grid; grid-template-columns: 19rem minmax(0, 1fr); }
.side { position: sticky; top: 0; height: 100vh; overflow-y: auto; background: var(--side); border-right: 1px solid var(--line); padding: 1.5rem 1rem; font-size: 0.875rem; line-height: 1.4; }
.brand { font-size: 1rem; font-weight: 650; padding: 0 0.5rem 0.75rem; }
.brand a { color: inherit; text-decoration: none; }
.version { color: var(--dim); font-weight: 400; margin-left: 0.25rem; }
.menu > summary { display: none; }
.menu h2 { font-size: 0.75rem; letter-spacing: 0.02em; margin: 1rem 0 0.25rem; padding: 0 0.5rem; }
.menu h2 a { color: var(--dim); text-decoration: none; }
.menu h2 a:hover { text-decoration: underline; }
.menu ul { list-style: none; }
.menu li a { display: grid; grid-template-columns: 3.25rem 1fr; gap: 0.5rem; align-items: start; padding: 0.35rem 0.5rem; border-radius: 6px; color: inherit; text-decoration: none; }
.menu li a:hover { background: var(--line); }

main { width: 100%; max-width: 54rem; padding: 2.5rem 2.5rem 6rem; margin: 0 auto; }
h1 { font-size: 2rem; line-height: 1.2; letter-spacing: -0.02em; margin-bottom: 0.75rem; }
.introduction dl { display: grid; grid-template-columns: max-content 1fr; gap: 0.4rem 1.5rem; margin-top: 1.25rem; }
.introduction dt { color: var(--dim); }
.introduction dd { min-width: 0; }
.group { margin-top: 4rem; }
.group > h2 { font-size: 1.5rem; letter-spacing: -0.01em; border-bottom: 1px solid var(--line); padding-bottom: 0.5rem; }
.lead { color: var(--dim); margin-top: 0.5rem; }
.operation { margin-top: 2.5rem; }
.operation + .operation { border-top: 1px solid var(--line); padding-top: 2.5rem; }
.operation h3 { font-size: 1.2rem; line-height: 1.3; }
.operation h3 a { color: inherit; text-decoration: none; }
.operation h3 a:hover { text-decoration: underline; }
.operation > h4, .prose h4 { font-size: 0.95rem; margin: 1.75rem 0 0.5rem; }
.prose > * + * { margin-top: 0.75rem; }
.prose > h4 { margin-top: 1.5rem; }
.route { display: flex; gap: 0.6rem; align-items: baseline; margin: 0.5rem 0 1rem; }
.route code { background: none; padding: 0; overflow-wrap: anywhere; }
.variable { color: var(--accent); }
.security { color: var(--dim); font-size: 0.875rem; margin-top: 0.75rem; }

.method, .status { display: inline-block; font: 600 0.6875rem/1 var(--mono); padding: 0.3em 0.45em; border-radius: 4px; text-align: center; background: var(--sunken); }
.method { min-width: 3.25rem; }
.method-get, .status-2 { color: var(--get); background: var(--get-ground); }
.method-post { color: var(--post); background: var(--post-ground); }
.method-put, .method-patch, .status-4 { color: var(--warn); background: var(--warn-ground); }
.method-delete, .status-5 { color: var(--bad); background: var(--bad-ground); }
.status { font-size: 0.8125rem; }

.rows { list-style: none; border-top: 1px solid var(--line); }
.rows li { border-bottom: 1px solid var(--line); padding: 0.6rem 0; }
.rows li:target { background: var(--post-ground); }
.rows .name { font-weight: 600; overflow-wrap: anywhere; }
.rows p { color: var(--dim); font-size: 0.875rem; line-height: 1.5; margin-top: 0.15rem; }
.depth-1 { padding-left: 1.25rem !important; }
.depth-2 { padding-left: 2.5rem !important; }
.depth-3 { padding-left: 3.75rem !important; }
.depth-4, .depth-5, .depth-6 { padding-left: 5rem !important; }
.type { color: var(--dim); font-size: 0.8125rem; font-weight: 400; margin-left: 0.25rem; overflow-wrap: anywhere; }
.body > .type { margin: 0 0 0.5rem; }
.required { color: var(--warn); font-size: 0.75rem; margin-left: 0.5rem; }

.code { position: relative; }
pre { background: var(--sunken); border: 1px solid var(--line); border-radius: 8px; padding: 0.85rem 1rem; overflow-x: auto; line-height: 1.5; }
.prose pre { font-size: 1rem; }
.copyable pre { padding-right: 5.5rem; white-space: pre-wrap; overflow-wrap: anywhere; }
.copy { position: absolute; top: 0.5rem; right: 0.5rem; font: 500 0.8125rem/1 inherit; font-family: inherit; padding: 0.45rem 0.6rem; border: 1px solid var(--line); border-radius: 6px; background: var(--ground); color: var(--text); cursor: pointer; }
.copy:hover { border-color: var(--accent); }
figure { margin-top: 0.75rem; }
figcaption { color: var(--dim); font-size: 0.8125rem; margin-bottom: 0.25rem; }

.answers { border: 1px solid var(--line); border-radius: 8px; }
.answer + .answer { border-top: 1px solid var(--line); }
.answer > summary { display: grid; grid-template-columns: 3rem 1fr 1rem; gap: 0.5rem; align-items: baseline; padding: 0.6rem 0.9rem; cursor: pointer; list-style: none; }
.answer > summary::-webkit-details-marker { display: none; }
.answer > summary::after { content: "+"; color: var(--dim); text-align: right; }
.answer[open] > summary::after { content: "\\2212"; }
.answer > summary:hover { background: var(--sunken); border-radius: 8px; }
.answer-body { padding: 0.25rem 0.9rem 1rem; }
.body + .body { margin-top: 1.25rem; }
.headers { color: var(--dim); font-size: 0.8125rem; margin-top: 0.9rem; }
.headers a { text-decoration: none; }
.headers a:hover { text-decoration: underline; }

@media (max-width: 899px) {
  .shell { display: block; }
  .side { position: static; height: auto; border-right: 0; border-bottom: 1px solid var(--line); padding: 1rem; }
  .brand { padding-bottom: 0.5rem; }
  .menu > summary { display: list-item; padding: 0.4rem 0.5rem; cursor: pointer; color: var(--accent); }
  .menu li a { padding: 0.6rem 0.5rem; }
  main { padding: 1.5rem 1rem 4rem; }
  h1 { font-size: 1.625rem; }
  .group { margin-top: 3rem; }
  .introduction dl { display: block; }
  .introduction dd { margin-bottom: 0.6rem; }
  .copyable pre { padding-right: 1rem; padding-top: 2.75rem; }
  .depth-1 { padding-left: 0.9rem !important; }
  .depth-2 { padding-left: 1.8rem !important; }
  .depth-3 { padding-left: 2.7rem !important; }
  .depth-4, .depth-5, .depth-6 { padding-left: 3.6rem !important; }
}
@media print {
  .side, .copy { display: none; }
  .shell { display: block; }
}
`;
