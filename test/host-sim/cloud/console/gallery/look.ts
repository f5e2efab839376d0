/** Looks at a page as people do: at three widths and in both themes, as pictures, and for what is wrong with it. */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { settled } from "../browser-rig";
import type { Page } from "playwright-core";

/** CSS pixels, of a large window, of a tablet and of a telephone; each is checked in one theme, which has its own contrasts. */
const windows = [
  { width: 1440, height: 900, checked: "dark" },
  { width: 768, height: 1024, checked: "light" },
  { width: 390, height: 844, checked: "light" },
] as const;
const themes = ["light", "dark"] as const;
/** A picture is no higher than this many windows: what follows further down is more of the same. */
const mostWindows = 2.2;

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** Where pictures go; without it none is taken, and what can be told without eyes is looked at all the same. */
const galleryFolder = process.env["GALLERY"];

/**
 * Takes a picture at each width in each theme, into `FOLDER/NAME--WIDTH-THEME.png`.
 *
 * @returns what is wrong, each with its width and theme: the page is wider than its window, a text is cut off
 * without a sign or spills over, or what axe finds serious, targets of less than 24 px included
 */
export async function look(page: Page, name: string): Promise<string[]> {
  const wrong = new Set<string>();
  for (const { checked, ...size } of windows) {
    await page.setViewportSize(size);
    for (const theme of themes) {
      if (theme !== checked && galleryFolder === undefined) continue;
      await page.emulateMedia({ colorScheme: theme });
      await page.evaluate("scrollTo(0, 0)");
      await settled(page);
      if (galleryFolder !== undefined)
        await takePicture(page, size, join(galleryFolder, `${name}--${size.width}-${theme}.png`));
      if (theme !== checked) continue;
      const at = `${size.width} ${theme}`;
      for (const each of await cutOf(page)) wrong.add(`${at}: ${each}`);
      // A tablet has nothing that one of the others has not.
      if (size.width === 768) continue;
      for (const each of await inaccessible(page)) wrong.add(`${at}: ${each}`);
    }
  }
  return [...wrong];
}

async function takePicture(page: Page, size: { width: number; height: number }, path: string): Promise<void> {
  const full = Number(await page.evaluate("document.documentElement.scrollHeight"));
  const height = Math.min(Math.max(full, size.height), Math.round(size.height * mostWindows));
  const clip = { x: 0, y: 0, width: size.width, height };
  mkdirSync(dirname(path), { recursive: true });
  await page.screenshot({ path, fullPage: true, clip, animations: "disabled" });
}

/** What is too wide for its window or its place. */
function cutOf(page: Page): Promise<string[]> {
  return page.evaluate(`(() => {
    const found = [];
    const root = document.documentElement;
    const nameOf = (each) => each.tagName.toLowerCase() + (each.className ? "." + String(each.className).trim().replace(/\\s+/g, ".") : "");
    const say = (what, each) => found.push(what + ": " + nameOf(each.parentElement ?? each) + " > " + nameOf(each) + " “" + each.textContent.trim().slice(0, 60) + "”");
    if (root.scrollWidth > root.clientWidth) found.push("the page is " + (root.scrollWidth - root.clientWidth) + " px too wide");
    for (const each of document.querySelectorAll("body *")) {
      if (each.closest("svg, canvas, .cm-editor, .u-wrap")) continue;
      const box = each.getBoundingClientRect();
      // Nothing to see, or only for those who hear the page.
      const isHidden = (at) => {
        const { width, height } = at.getBoundingClientRect();
        return at !== document.body && ((width <= 2 || height <= 2) || (at.parentElement !== null && isHidden(at.parentElement)));
      };
      if (isHidden(each)) continue;
      const hasText = [...each.childNodes].some((node) => node.nodeType === 3 && node.data.trim() !== "");
      const isField = each.matches("select, input:not([type=checkbox], [type=radio])");
      if (!hasText && !isField) continue;
      const style = getComputedStyle(each);
      if (style.visibility === "hidden") continue;
      const scrolls = (at) => ["auto", "scroll"].includes(getComputedStyle(at).overflowX);
      const titled = each.closest("[title]") !== null;
      if (style.display !== "inline" && !isField && each.scrollWidth > each.clientWidth + 1 && !scrolls(each)) {
        const dotted = style.textOverflow === "ellipsis" && style.overflowX !== "visible";
        if (style.overflowX === "visible") say("spills over by " + (each.scrollWidth - each.clientWidth), each);
        else if (!dotted && !titled) say("is cut off", each);
        else if (!titled) say("is cut off without a title", each);
      }
      if (style.overflowY === "hidden" && each.scrollHeight > each.clientHeight + 2 && !titled) say("is cut off below", each);
      // Beyond the edge of the window, or of what cuts it off.
      let frame = each.parentElement;
      const cuts = (at) => getComputedStyle(at).overflowX !== "visible";
      while (frame !== null && frame !== root && !cuts(frame)) frame = frame.parentElement;
      if ((frame === null || frame === root) && box.right > root.clientWidth + 1) say("is beyond the edge", each);
    }
    return [...new Set(found)].slice(0, 12);
  })()`);
}

interface Violation {
  readonly id: string;
  readonly impact: string | null;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

async function inaccessible(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe);
  const options = { rules: { "target-size": { enabled: true } } };
  const found = await page.evaluate<Violation[]>(
    `axe.run(document, ${JSON.stringify(options)}).then(({ violations }) => violations)`,
  );
  return found
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.slice(0, 3).map(({ html, failureSummary }) => {
        const [, why = ""] = (failureSummary ?? "").split("\n");
        return `${id}: ${html.slice(0, 140)} ${why.trim().slice(0, 200)}`;
      }),
    );
}

/** Writes `index.html` where pictures were taken, which has all pictures of the folder, one row for each state. */
export function writeIndex(): void {
  if (galleryFolder === undefined || !existsSync(galleryFolder)) return;
  const pictures = readdirSync(galleryFolder).filter((each) => each.endsWith(".png"));
  const states = [...new Set(pictures.map((each) => each.split("--")[0]!))].sort();
  const rows = states.map((state) => {
    const its = windows.flatMap(({ width }) => themes.map((theme) => `${state}--${width}-${theme}.png`));
    const shown = its.filter((each) => pictures.includes(each));
    const images = shown.map(
      (each) => `<a href="${each}"><img src="${each}" alt="${each}" loading="lazy"></a>`,
    );
    return `<h2>${state}</h2>\n<div>${images.join("\n")}</div>`;
  });
  const style =
    "body{font:14px system-ui;margin:16px;background:#888}div{display:flex;gap:8px;align-items:start}img{max-height:560px}";
  writeFileSync(
    join(galleryFolder, "index.html"),
    `<!doctype html><meta charset="utf-8"><title>Gallery</title><style>${style}</style>\n${rows.join("\n")}\n`,
  );
}
