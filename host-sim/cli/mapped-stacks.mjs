/**
 * Stacks that tell the sources' lines in place of the bundle's. Node can do that by itself, but then it reads the map of
 * every file that it loads, which takes a twentieth of a command's beginning, and hardly ever is there a stack to tell.
 * Plain JavaScript, as run.mjs is.
 */
import { readFileSync } from "node:fs";
import { SourceMap } from "node:module";
import { fileURLToPath } from "node:url";

/** From now on, for errors in the files of this folder, whose maps lie beside them. @param folder its URL, with a / */
export function mapStacks(folder) {
  const maps = new Map();
  const mapOf = (url) => {
    if (!maps.has(url)) maps.set(url, readMap(url));
    return maps.get(url);
  };
  const told = (frame) => {
    const text = `\n    at ${frame}`;
    const url = frame.getFileName();
    if (typeof url !== "string" || !url.startsWith(folder)) return text;
    const [line, column] = [frame.getLineNumber(), frame.getColumnNumber()];
    const { originalSource, originalLine, originalColumn } =
      mapOf(url)?.findEntry(line - 1, column - 1) ?? {};
    if (originalSource === undefined) return text;
    const source = fileURLToPath(new URL(originalSource, url));
    return text.replace(`${url}:${line}:${column}`, `${source}:${originalLine + 1}:${originalColumn + 1}`);
  };
  Error.prepareStackTrace = (error, frames) => {
    let text = "an error that has no text";
    try {
      text = String(error);
    } catch {
      // Its stack is all that there is.
    }
    return text + frames.map((frame) => told(frame)).join("");
  };
}

function readMap(url) {
  try {
    return new SourceMap(JSON.parse(readFileSync(fileURLToPath(`${url}.map`), "utf8")));
  } catch {
    return undefined;
  }
}
