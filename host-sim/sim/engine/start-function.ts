/**
 * Makes of a program a function that starts it, time and again in one realm: a wake from deep sleep is a start. Modules
 * that hold no state run once and are kept, as XS's linker preloads them for a board; the others run at each start:
 *
 *     (function () {
 *         ... what is kept
 *         return function () { ... what is made anew, the entry module behind it };
 *     })()
 *
 * If each start made each class anew, V8, which tells objects by their class, would know nothing of what it has learnt, and
 * hold its compiled code for wrong.
 */

/** Whose modules have no state, unless they lead to others: firmware/board leads to the SDK's, and these have some. */
const stateless = ["firmware/", "host-sim/sim/board/protocol.ts", "host-sim/sim/time/"];

/** A module in a bundle by esbuild: its path, alone on a line, before its code. */
const title = /^ {2}\/\/ (\S+)$/gm;
const start = '"use strict";\n(() => {\n';
const end = "\n})();\n";
/** What makes a module run unless it has, where it is defined and where another module imports it. */
const definition = /^ {2}var (init_\w+) = __esm\(/m;
const importing = /\binit_\w+(?=\(\))/g;

interface Module {
  readonly text: string;
  /** Name of the function that makes it run; the entry module has none. */
  readonly init: string | undefined;
  readonly imports: readonly string[];
  readonly isOurs: boolean;
}

/**
 * An expression that gives the function.
 *
 * @param program made by `bundleFirmware`. Without its white space it does not show its modules: all run at each start then
 */
export function startFunction(program: string): string {
  const titles = [...program.matchAll(title)];
  const at = program.indexOf(start);
  if (titles.length === 0 || at < 0 || !program.endsWith(end)) return `(function () {${program}\n})`;
  const helpers = program.slice(at + start.length, titles[0].index);
  const modules = titles.map(({ index, 1: path }, i) => {
    const text = program.slice(index, titles[i + 1]?.index ?? program.length - end.length);
    const isOurs = stateless.some((each) => path.startsWith(each));
    return { text, init: definition.exec(text)?.[1], imports: text.match(importing) ?? [], isOurs };
  });
  const kept = keptOf(modules);
  const textOf = (which: boolean): string =>
    modules
      .filter((module) => kept.has(module) === which)
      .map(({ text }) => text)
      .join("");
  return `(function () {"use strict";\n${helpers}${textOf(true)}\nreturn function () {\n${textOf(false)}\n};\n})()`;
}

/** Modules without state that lead to none with some. They come in the order in which they import each other. */
function keptOf(modules: readonly Module[]): ReadonlySet<Module> {
  const kept = new Set<Module>();
  const inits = new Set<string>();
  for (const module of modules) {
    if (!module.isOurs || module.init === undefined) continue;
    if (!module.imports.every((each) => inits.has(each))) continue;
    kept.add(module);
    inits.add(module.init);
  }
  return kept;
}
