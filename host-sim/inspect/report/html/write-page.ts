/**
 * One self-contained HTML file: styles, script and data are in it, and its content security policy lets it
 * load nothing else.
 *
 *     deflated: | length of the JSON, 4 bytes | RunData as JSON | bytes of the datagrams |
 */
import { createHash } from "node:crypto";
import { deflateRawSync } from "node:zlib";
import { bundled } from "../../../bundled.mjs";
import { projectRoot } from "../../../project";
import { licences } from "../../../third-party";
import type { FleetData } from "./fleet-data";
import type { Recording } from "./recorder";

/** The pages that there are: their entry files, below this folder. */
const pages = { report: "page", fleet: "fleet-page" } as const;

/** The report of a run. */
export function writePage({ data, bytes }: Recording): Promise<string> {
  return written("report", data, bytes);
}

/** The report of a fleet. */
export function writeFleetPage(data: FleetData): Promise<string> {
  return written("fleet", data, new Uint8Array(0));
}

async function written(
  page: keyof typeof pages,
  data: { readonly title: string },
  bytes: Uint8Array,
): Promise<string> {
  const [script, style] = await bundlePage(page);
  // default-src forbids what is not named: connections, images, frames, fonts, plug-ins.
  const policy =
    `default-src 'none'; script-src '${hashOf(script)}'; style-src '${hashOf(style)}'; ` +
    `base-uri 'none'; form-action 'none'`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${escapeHtml(data.title)}</title>
<style>${style}</style>
</head>
<body>
<noscript>This page draws itself by script, from the data that it holds.</noscript>
<div id="app"></div>
<script type="application/octet-stream" id="run-data">${pack(data, bytes)}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** Deflated and in base64, in which nothing can end the element that holds it. */
function pack(data: object, bytes: Uint8Array): string {
  const json = Buffer.from(JSON.stringify(data), "utf8");
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  return deflateRawSync(Buffer.concat([length, json, bytes]), { level: 9 }).toString("base64");
}

/** Script and styles, in one piece each. */
async function bundlePage(page: keyof typeof pages): Promise<[script: string, style: string]> {
  const { files } = await bundled({
    root: projectRoot(),
    name: page,
    options: {
      entryPoints: [`host-sim/inspect/report/html/${pages[page]}/main.tsx`],
      minify: true,
      platform: "browser",
      format: "iife",
      target: "es2022",
      charset: "utf8",
      jsx: "automatic",
      jsxImportSource: "preact",
      plugins: [licences],
      logLevel: "silent",
    },
    sources: ["host-sim/inspect/report/html/write-page.ts", "host-sim/third-party.ts"],
  });
  const file = (name: string): string => files.get(name)!.trim();
  // An end tag in a text would end the element too early.
  return [
    file("main.js").replaceAll("</script", "<\\/script"),
    file("main.css").replaceAll("</style", "<\\/style"),
  ];
}

function hashOf(text: string): string {
  return `sha256-${createHash("sha256").update(text).digest("base64")}`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
