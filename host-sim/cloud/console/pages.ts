/**
 * The console's page, its script and its style: without anything secret in them, for whoever may reach the port. What
 * they show comes over the application API, which asks for the token where there is one. Each place of the page has an
 * address (addresses.ts), and is answered with the same document.
 */
import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bundled } from "../../bundled.mjs";
import { projectRoot } from "../../project";
import { linkedLicences } from "../../third-party";
import { Problem } from "../api/problem";
import { knownPlace } from "./addresses";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

/**
 * Nothing from elsewhere, nothing inline, and in nobody's frame. The nonce is for the script editor, which makes its
 * style while it runs.
 */
const policy = (nonce: string): string =>
  [
    "default-src 'none'",
    "script-src 'self'",
    `style-src 'self' 'nonce-${nonce}'`,
    "connect-src 'self'",
    "img-src 'self' data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");

const folder = "host-sim/cloud/console/page";

/** Paths that begin an address of the page. */
const wings = ["/fleet", "/devices", "/products", "/cloud"];

/** A part of the script that the page loads when it is needed, by its name and the hash of its content. */
const chunkPattern = /^\/console-([a-z-]+-[A-Z0-9]{8})\.js$/;

/** Of the packages whose code is in the page's parts, which say so; without a token, as these are. */
const licencesName = "licences.txt";
const licencesPath = "/console-licences.txt";

/** Whether a request is for the page or its parts: these are served without a token. @param url path and query */
export function isPagePath(url: string): boolean {
  const path = url.split("?", 1)[0];
  if (path === "/" || path === "/console.js" || path === "/console.css") return true;
  if (path === licencesPath) return true;
  if (chunkPattern.test(path)) return true;
  return wings.some((wing) => path === wing || path.startsWith(`${wing}/`));
}

/** Adds the page's routes. */
export function pageRoutes(app: FastifyInstance): void {
  let files: Promise<ReadonlyMap<string, string>> | undefined;
  const nonce = (): string => randomBytes(16).toString("base64");
  const serve = (reply: FastifyReply, type: string, body: string, own = nonce()): FastifyReply =>
    reply
      .header("content-security-policy", policy(own))
      .header("referrer-policy", "no-referrer")
      .header("x-frame-options", "DENY")
      .type(`${type}; charset=utf-8`)
      .send(body);
  const options = { schema: { hide: true } };
  const page = (request: FastifyRequest, reply: FastifyReply): FastifyReply => {
    const own = nonce();
    const text = readFileSync(join(projectRoot(), folder, "index.html"), "utf8").replace("NONCE", own);
    if (knownPlace(request.url.split("?", 1)[0]) === undefined) reply.code(404);
    return serve(reply, "text/html", text, own);
  };
  app.get("/", options, page);
  for (const wing of wings) {
    app.get(wing, options, page);
    app.get(`${wing}/*`, options, page);
  }
  // Made when it is first asked for: who wants no console does not wait for it.
  const part = async (name: string): Promise<string> => (await (files ??= bundle())).get(name)!;
  app.get("/console.css", options, async (_request, reply) =>
    serve(reply, "text/css", await part("main.css")),
  );
  app.get("/console.js", options, async (_request, reply) =>
    serve(reply, "text/javascript", await part("main.js")),
  );
  app.get(licencesPath, options, async (_request, reply) =>
    serve(reply, "text/plain", await part(licencesName)),
  );
  app.get("/console-:chunk", options, async (request, reply) => {
    const name = request.url.split("?", 1)[0].slice(1);
    files ??= bundle();
    const text = (await files).get(name);
    if (text === undefined) throw new Problem(404, "no such part of the page; load the page anew");
    return serve(reply, "text/javascript", text);
  });
}

async function bundle(): Promise<ReadonlyMap<string, string>> {
  const { files } = await bundled({
    root: projectRoot(),
    name: "console",
    options: {
      entryPoints: [`${folder}/main.tsx`],
      minify: true,
      format: "esm",
      // What the page loads when it is needed, such as the editor, is a file of its own.
      splitting: true,
      chunkNames: "console-[name]-[hash]",
      target: "es2022",
      jsx: "automatic",
      jsxImportSource: "preact",
      plugins: [linkedLicences(licencesName, licencesPath)],
      logLevel: "silent",
    },
    sources: ["host-sim/cloud/console/pages.ts", "host-sim/third-party.ts"],
  });
  return files;
}
