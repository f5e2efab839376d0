/**
 * The console's page, its script and its style: three files, without anything secret in them, for whoever may
 * reach the port. What they show comes over the application API, which asks for the token where there is one.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { bundled } from "../../bundled.mjs";
import { projectRoot } from "../../project";
import { licenceComment, licences } from "../../third-party";
import type { FastifyInstance, FastifyReply } from "fastify";

/** Nothing from elsewhere, nothing inline, and in nobody's frame. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "connect-src 'self'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

const folder = join(projectRoot(), "host-sim/cloud/console/page");

/** Paths that are served without a token. */
export const pagePaths: ReadonlySet<string> = new Set(["/", "/console.js", "/console.css"]);

/** Adds the three routes. */
export function pageRoutes(app: FastifyInstance): void {
  let script: Promise<string> | undefined;
  const serve = (reply: FastifyReply, type: string, body: string): FastifyReply =>
    reply
      .header("content-security-policy", policy)
      .header("referrer-policy", "no-referrer")
      .header("x-frame-options", "DENY")
      .type(`${type}; charset=utf-8`)
      .send(body);
  const options = { schema: { hide: true } };
  app.get("/", options, (_request, reply) =>
    serve(reply, "text/html", readFileSync(join(folder, "index.html"), "utf8")),
  );
  app.get("/console.css", options, (_request, reply) => {
    const plots = "node_modules/uplot/dist/uPlot.min.css";
    const style = licenceComment([plots]) + readFileSync(join(projectRoot(), plots), "utf8");
    return serve(reply, "text/css", `${style}\n${readFileSync(join(folder, "console.css"), "utf8")}`);
  });
  // Made when it is first asked for: who wants no console does not wait for it.
  app.get("/console.js", options, async (_request, reply) =>
    serve(reply, "text/javascript", await (script ??= bundle())),
  );
}

async function bundle(): Promise<string> {
  const { files } = await bundled({
    root: projectRoot(),
    name: "console",
    options: {
      entryPoints: ["host-sim/cloud/console/page/main.ts"],
      minify: true,
      format: "esm",
      target: "es2022",
      plugins: [licences],
      logLevel: "silent",
    },
    sources: ["host-sim/cloud/console/pages.ts", "host-sim/third-party.ts"],
  });
  return files.get("main.js")!;
}
