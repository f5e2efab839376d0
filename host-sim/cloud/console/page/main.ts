/** The console: fetches what is, follows what happens, and shows both. */
import { ApiFault, call, pathOf, useToken } from "./api";
import { CommandForm } from "./command-form";
import { DeviceList, nameOf } from "./device-list";
import { byId, say } from "./elements";
import { FaultPanel } from "./faults";
import { FirmwarePanel } from "./firmware";
import { SequenceChart } from "./sequence-chart";
import { follow } from "./live";
import { DeviceName } from "./rename";
import { Points } from "./points";
import { ScriptPanel } from "./script";
import { makeTabs } from "./tabs";
import { ThingModelPanel } from "./thing-model";
import { reasonOf } from "../../reason";
import type { Device } from "./device-list";
import type { EventEntry, FeedEntry } from "../entries";
import type { Product } from "./model";

const pageOfDevices = 1_000;
const tabs = [
  "Measure points",
  "Command",
  "Messages",
  "Thing model",
  "Parsing script",
  "Firmware",
  "Faults",
] as const;

const problem = byId("problem");
const products = new Map<string, Promise<Product | undefined>>();
/** Devices that are read anew in a moment: an event a millisecond is one request a quarter second. */
const stale = new Set<string>();
let chosen: string | undefined;
/** The stream was interrupted: what happened meanwhile is not in it. */
let interrupted = false;

const panels = makeTabs(tabs);
const points = new Points(panels.get("Measure points")!);
const commands = new CommandForm(panels.get("Command")!);
const sequenceChart = new SequenceChart(panels.get("Messages")!);
const thingModel = new ThingModelPanel(panels.get("Thing model")!);
const script = new ScriptPanel(panels.get("Parsing script")!);
const firmware = new FirmwarePanel(panels.get("Firmware")!);
const faults = new FaultPanel(panels.get("Faults")!);
const deviceName = new DeviceName(tried, (device) => {
  devices.put(device);
  deviceName.show(device);
});
const devices = new DeviceList((device) => void tried(() => choose(device)));

byId<HTMLFormElement>("token-form").addEventListener("submit", (event) => {
  event.preventDefault();
  useToken(byId<HTMLInputElement>("token").value.trim());
  byId("token-form").hidden = true;
  void begin();
});
setInterval(() => void tried(refresh), 250);
void begin();

async function begin(): Promise<void> {
  if (!(await tried(load))) return;
  void follow({
    onEntry,
    onGap: () => void tried(loadOnce),
    onState: (trouble) => {
      say(byId("link"), trouble === undefined ? "● live" : `○ ${trouble}`);
      // What happened while nobody listened is read anew.
      if (trouble === undefined && interrupted) void tried(load);
      interrupted = trouble !== undefined;
    },
    onRefused: () => (byId("token-form").hidden = false),
  });
}

/** False, and said, when it did not work. */
async function tried(run: () => Promise<void>): Promise<boolean> {
  try {
    await run();
    problem.hidden = true;
    return true;
  } catch (error) {
    if (error instanceof ApiFault && error.status === 401) {
      byId("token-form").hidden = false;
      byId("token").focus();
    } else {
      say(problem, reasonOf(error, "something went wrong"));
      problem.hidden = false;
    }
    return false;
  }
}

let loading = false;

/** `load`, unless that is under way. */
async function loadOnce(): Promise<void> {
  if (loading) return;
  loading = true;
  try {
    await load();
  } finally {
    loading = false;
  }
}

async function load(): Promise<void> {
  for (let offset = 0; ; offset += pageOfDevices) {
    const { items, total } = await call<{ items: Device[]; total: number }>(
      `/devices?limit=${pageOfDevices}&offset=${offset}`,
    );
    for (const device of items) devices.put(device);
    if (offset + items.length >= total || items.length === 0) break;
  }
  total();
  await faults.load();
}

function total(): void {
  say(byId("totals"), `${devices.online} of ${devices.size} devices online`);
}

async function choose(device: Device): Promise<void> {
  const name = nameOf(device);
  if (chosen === name) return;
  chosen = name;
  deviceName.show(device);
  sequenceChart.show(name);
  const product = await productOf(device.productKey);
  if (chosen !== name) return;
  script.show(product);
  thingModel.show(product);
  await Promise.all([
    points.show(device, product?.model),
    commands.show(device, product?.model),
    firmware.show(device),
  ]);
}

/** Makes anew what the product's thing model decides, when it is the chosen device's product that has changed. */
async function productChanged(productKey: string): Promise<void> {
  products.delete(productKey);
  const device = chosen === undefined ? undefined : devices.get(chosen);
  if (device?.productKey !== productKey) return;
  const product = await productOf(productKey);
  if (chosen !== nameOf(device)) return;
  script.show(product);
  thingModel.show(product);
  await Promise.all([points.show(device, product?.model), commands.show(device, product?.model)]);
}

function productOf(productKey: string): Promise<Product | undefined> {
  let product = products.get(productKey);
  if (product === undefined) {
    product = call<Product>(`/products/${encodeURIComponent(productKey)}`).catch(() => undefined);
    products.set(productKey, product);
  }
  return product;
}

function onEntry(entry: FeedEntry): void {
  if (entry.kind === "message") return sequenceChart.add(entry);
  onEvent(entry);
}

function onEvent({ event }: EventEntry): void {
  if (event.type === "product-put" || event.type === "product-removed") {
    return void tried(() => productChanged(event.productKey));
  }
  if (event.type === "firmware-put" || event.type === "firmware-removed") {
    return void tried(() => firmware.refreshFiles());
  }
  if (event.type === "script-fault") script.tell(event);
  if (!("deviceKey" in event)) return;
  const name = nameOf(event);
  if (event.type === "removed") {
    devices.remove(name);
    return total();
  }
  stale.add(name);
  if (name !== chosen) return;
  if (event.type === "stored" && event.kind === "reading" && event.points !== undefined) {
    points.add(event.points, event.at, event.time);
  }
  const tellsFirmware = event.type === "ota-task" || (event.type === "stored" && event.kind === "firmware");
  if (tellsFirmware) void tried(() => firmware.refresh());
  if (event.type.startsWith("command-")) void tried(() => commands.refresh());
}

async function refresh(): Promise<void> {
  const names = [...stale].slice(0, 20);
  for (const name of names) {
    stale.delete(name);
    const at = name.indexOf("/");
    const path = pathOf({ productKey: name.slice(0, at), deviceKey: name.slice(at + 1) });
    try {
      const device = await call<Device>(path);
      devices.put(device);
      if (name === chosen) deviceName.show(device);
    } catch (error) {
      // Removed meanwhile.
      if (!(error instanceof ApiFault && error.status === 404)) throw error;
    }
  }
  if (names.length > 0) total();
}
