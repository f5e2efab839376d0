/** `npm run update -- upload` and `-- rollout`: a file to the stand-in, and from there to devices in stages. */
import { compareVersions } from "../../firmware/update/version-order";
import { readPlace } from "../../firmware/update/file-place";
import { sharesFault } from "../cloud/ota/rollout";
import { escaped } from "../model/escaped";
import { StandInClient, StandInError, rolloutActs } from "../tools/update/stand-in-client";
import { readToken, tokenSources } from "./cloud-files";
import { Option, Part } from "./command";
import { CommandError, fraction, misuse, wholeNumber } from "./misuse";
import { readPackageFile } from "./update-files";
import { productKeyOption } from "./update-pack";
import { headLine } from "./update-text";
import type { RolloutState } from "../cloud/ota/rollout";
import type { RolloutView } from "../cloud/ota/rollout-view";
import type { RolloutAct } from "../tools/update/stand-in-client";

interface ServerFlags {
  server: URL;
  productKey?: string;
  apiTokenFile?: string;
}

interface UploadFlags extends ServerFlags {
  fileUrl?: string;
}

interface RolloutFlags extends ServerFlags {
  id?: string;
  act?: RolloutAct;
  stages?: readonly number[];
  wait?: number;
  failures?: number;
  follow: boolean;
}

/** The part `upload`. */
export function uploadPart(): Part {
  const part = new Part("upload")
    .description("bring a file to the stand-in, which serves it to devices")
    .configureHelp({ commandUsage: () => "npm run update -- upload FILE [--product-key KEY] [options]" })
    .argument("<file>", "the file of an update")
    .option("--file-url <url>", "it lies there, on another CoAP server: coap://HOST/PATH", fileUrlOption);
  return addServerOptions(
    part as Part,
    "the product (default: as the file says, if it was made for one)",
  ).action(upload) as Part;
}

/** The part `rollout`. */
export function rolloutPart(): Part {
  const part = new Part("rollout")
    .description(
      "have a product's devices upgrade in stages, and follow it; or look after one that is under way",
    )
    .configureHelp({
      commandUsage: () =>
        "npm run update -- rollout VERSION --product-key KEY [options]   or   --id ID --act WHAT --product-key KEY",
    })
    .argument("[version]", "the version that devices are to get")
    .option("--stages <list>", "shares of the devices in %, rising (default: 1,10,100)", stagesOption)
    .option("--wait <s>", "seconds between two stages (default: 3600)", wholeNumber("--wait", 0, 2_592_000))
    .option("--failures <p>", "share of failures that stops it (default: 0.05)", fraction("--failures"))
    .option("--id <id>", "one that is under way, by its id", idOption)
    .addOption(new Option("--act <what>", "what becomes of it").choices(rolloutActs))
    .option("--no-follow", "say how it stands, and end");
  return addServerOptions(part as Part, "the product").action(rollout) as Part;
}

function addServerOptions(part: Part, product: string): Part {
  return part
    .option("--product-key <key>", product, productKeyOption)
    .option(
      "--server <url>",
      "the stand-in's application API",
      serverOption,
      new URL("http://127.0.0.1:8080/"),
    )
    .option("--api-token-file <file>", "its bearer token (default: ENOS_API_TOKEN, else none)") as Part;
}

function serverOption(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== "" || url.search !== "") {
    throw misuse(
      `--server takes an address with http:// in front, and with no user in it, such as http://127.0.0.1:8080; got another`,
    );
  }
  return url;
}

function fileUrlOption(text: string): string {
  if (readPlace(text) !== undefined && /^coap:\/\//i.test(text)) return text;
  throw misuse(`--file-url takes coap://HOST[:PORT]/PATH, got "${text.slice(0, 60)}"`);
}

function stagesOption(text: string): readonly number[] {
  const shares = text.split(",").map((each) => Number(each) / 100);
  const fault = shares.some(Number.isNaN) ? "expected numbers" : sharesFault(shares);
  if (fault !== undefined)
    throw misuse(`--stages takes per cent such as 1,10,100, got "${text.slice(0, 60)}": ${fault}`);
  return shares;
}

function idOption(text: string): string {
  if (/^\d{1,20}$/.test(text)) return text;
  throw misuse(`--id takes digits, as rollout prints them, got "${text.slice(0, 40)}"`);
}

function clientOf({ server, apiTokenFile }: ServerFlags, productKey: string): StandInClient {
  return new StandInClient(server, productKey, readToken(tokenSources.operator, apiTokenFile, process.env));
}

async function upload(file: string, flags: UploadFlags): Promise<void> {
  const made = readPackageFile(file);
  const { version, productKey: own } = made.head;
  if (own !== "" && flags.productKey !== undefined && own !== flags.productKey) {
    throw misuse(`--product-key: ${file} is for product ${own}`);
  }
  const productKey = flags.productKey ?? (own === "" ? undefined : own);
  if (productKey === undefined) throw misuse(`${file} is for any product: name one with --product-key`);
  const work = clientOf(flags, productKey).upload(version, made.bytes, flags.fileUrl);
  const { isNew, file: filed } = await answered(work, flags);
  process.stdout.write(
    `${headLine(made)}\n${isNew ? "filed" : "filed in place of another"}: ${escaped(filed.fileUrl)}\n`,
  );
  for (const warning of filed.warnings ?? []) process.stderr.write(`warning: ${escaped(warning)}\n`);
}

async function rollout(version: string | undefined, flags: RolloutFlags): Promise<void> {
  const { productKey, id, act, follow } = flags;
  if (productKey === undefined) throw misuse("name the product with --product-key");
  const client = clientOf(flags, productKey);
  if ((version === undefined) === (id === undefined)) {
    throw misuse("name the version that devices are to get, or with --id a rollout that is under way");
  }
  let view: RolloutView;
  if (id !== undefined) {
    for (const name of ["stages", "wait", "failures"] as const) {
      if (flags[name] !== undefined) throw misuse(`--${name} is for a new rollout: leave it or --id out`);
    }
    view = await answered(act === undefined ? client.rollout(id) : client.act(id, act), flags);
  } else {
    if (act !== undefined) throw misuse("--act is for a rollout that is under way: name it with --id");
    if (compareVersions(version!, version!) === undefined) {
      throw misuse(`<version>: expected three numbers such as 0.3.0, got "${version!.slice(0, 40)}"`);
    }
    const { stages, wait, failures: failureShare } = flags;
    view = await answered(client.begin({ version: version!, stages, wait, failureShare }), flags);
  }
  say(`rollout ${view.rolloutId} of ${view.version}`);
  say(standing(view));
  if (follow) view = await followed(client, view, flags);
  if (follow && view.state !== "done") process.exitCode = 1;
}

/** States that nothing but an operator ends. */
const still: ReadonlySet<RolloutState> = new Set(["paused", "stopped", "aborted", "done"]);
/** ms between two looks. */
const pause = 1_000;

/** Prints each change until only an operator changes anything. */
async function followed(client: StandInClient, view: RolloutView, flags: RolloutFlags): Promise<RolloutView> {
  let last = view;
  while (!still.has(last.state)) {
    await new Promise((resolve) => setTimeout(resolve, pause));
    const next = await answered(client.rollout(last.rolloutId), flags);
    if (standing(next) !== standing(last)) say(standing(next));
    last = next;
  }
  return last;
}

/** `running, stage 1 of 3 (1 %): 2 devices, 1 upgrading at 40 %, 1 succeeded`. */
function standing({ state, stage, stages, reason, nextAt }: RolloutView): string {
  const { share, devices, counts, progress, failures } = stages[stage - 1];
  const parts = Object.entries(counts).flatMap(([status, count]) => {
    if (count === 0) return [];
    return `${count} ${status}${status === "upgrading" && progress !== undefined ? ` at ${progress} %` : ""}`;
  });
  const percent = Number((100 * share).toPrecision(6));
  const why = reason === undefined ? "" : `: ${escaped(reason)}`;
  const next = state !== "waiting" || nextAt === undefined ? "" : ` until ${new Date(nextAt).toISOString()}`;
  const lines = [
    `${state}${why}${next}, stage ${stage} of ${stages.length} (${percent} %): ` +
      `${devices} ${devices === 1 ? "device" : "devices"}${parts.map((part) => `, ${part}`).join("")}`,
    ...failures.map(
      ({ reason: cause, count, deviceKeys }) =>
        `  ${count} failed, ${escaped(cause)}: ${escaped(deviceKeys.join(", "))}`,
    ),
  ];
  return lines.join("\n");
}

async function answered<T>(work: Promise<T>, { server }: ServerFlags): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof StandInError) throw new CommandError(1, `${server.origin}: ${error.message}`);
    throw error;
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}
