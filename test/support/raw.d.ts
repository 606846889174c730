// Vite's way to import a file's text: tests in workerd have no file system to read it from.
declare module "*?raw" {
  const content: string;
  export default content;
}
