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
const title = "\n  // ";
const start = '"use strict";\n(() => {\n';
const end = "\n})();\n";
/** What makes a module run unless it has, where it is defined and where another module imports it. */
const definition = "\n  var init_";
const importing = /^\W(init_\w+)\(\)/;
/** Of such a name, characters. */
const longestName = 100;

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
  const titles = placesOf(title, program).filter((at) =>
    /^\S+\.[jt]s$/.test(lineAt(program, at + title.length)),
  );
  const at = program.indexOf(start);
  if (titles.length === 0 || at < 0 || !program.endsWith(end)) return `(function () {${program}\n})`;
  const helpers = program.slice(at + start.length, titles[0]);
  const modules = titles.map((from, i) => {
    const path = lineAt(program, from + title.length);
    const text = program.slice(from, titles[i + 1] ?? program.length - end.length);
    const [defined] = placesOf(definition, text).map((at) => wordAt(text, at + "\n  var ".length));
    const imports = placesOf("init_", text)
      .map((at) => importing.exec(text.slice(at - 1, at + longestName))?.[1])
      .filter((name) => name !== undefined);
    return { text, init: defined, imports, isOurs: stateless.some((each) => path.startsWith(each)) };
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

/** Where it stands. A regular expression takes ten times as long over a program of a million characters. */
function placesOf(searched: string, text: string): number[] {
  const places: number[] = [];
  for (let at = text.indexOf(searched); at >= 0; at = text.indexOf(searched, at + 1)) places.push(at);
  return places;
}

function lineAt(text: string, from: number): string {
  return text.slice(from, text.indexOf("\n", from));
}

function wordAt(text: string, from: number): string {
  return text.slice(from, text.indexOf(" ", from));
}
