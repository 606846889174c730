// What is imported from this folder is its text (wrangler.toml, rules).
declare module "*/console.css" {
  const text: string;
  export default text;
}
declare module "*/console.js" {
  const text: string;
  export default text;
}
declare module "*/icon.svg" {
  const text: string;
  export default text;
}
