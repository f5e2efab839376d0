/**
 * The application of a campaign's device: the demo's, which also does what the campaign asks of it. It sends
 * events, attributes and tags, each with a number of its own so that the cloud's can be compared with them, and it
 * fails in the ways in which an application can.
 *
 *     application                         campaign
 *     sample          --- "sample" --->   how it is to fail, and what it is to send
 *                     --- "posting event 17", "posted event 17", "done event 17 accepted" --->
 *     command         --- "ran calibrate 21.003" --->   how it is to fail
 */
import { DemoApplication as Usual } from "../../../../firmware/application";
import { ask } from "../../../sim/board/guest/ask";
import type { Inputs } from "../../../../firmware/application";
import type { Application, Boot, Device } from "../../../../firmware/device/application";
import type { CommandResult } from "../../../../firmware/enos/command";
import type { ThingValues } from "../../../../firmware/model/thing";

/** What is to be sent: its kind and its number. */
type Order = readonly [kind: "event" | "attributes" | "tags", number: number];

/** The answer to "sample". */
interface Orders {
  readonly fail?: "throw" | "nothing" | "getter" | "nonsense" | "hang" | "reject";
  readonly send?: readonly Order[];
}

export class DemoApplication implements Application {
  readonly #usual: Usual;
  #device: Device | undefined;
  readonly thing;
  readonly version;
  readonly commands;

  constructor(inputs: Inputs) {
    const usual = new Usual(inputs);
    this.#usual = usual;
    this.thing = usual.thing;
    this.version = usual.version;
    const { set, get, services } = usual.commands;
    const { reboot, calibrate } = services;
    this.commands = {
      set: (values: ThingValues) => obey("ran set", () => set(values)),
      get: (identifier: string) => (ask("ran get") === "throw" ? failing() : get(identifier)),
      services: {
        reboot: (inputs: Parameters<typeof reboot>[0]) => obey("ran reboot", () => reboot(inputs)),
        calibrate: (inputs: Parameters<typeof calibrate>[0]) =>
          obey(`ran calibrate ${inputs.reference.temperature}`, () => calibrate(inputs)),
      },
    };
  }

  start(device: Device, boot: Boot): void {
    this.#device = device;
    if (ask("start") === "throw") failing();
    this.#usual.start(device, boot);
  }

  sample(): ThingValues | Promise<ThingValues> {
    const answer = ask("sample");
    const { fail, send = [] } = (answer === "" ? {} : JSON.parse(answer)) as Orders;
    for (const order of send) this.#send(order);
    if (fail === "throw") return failing();
    if (fail === "hang") return new Promise<ThingValues>(() => {});
    if (fail === "reject")
      return Promise.reject<ThingValues>(new Error("the sensor fails, as the campaign wants"));
    const values = this.#usual.sample();
    if (fail === "nothing") return undefined as unknown as ThingValues;
    if (fail === "nonsense") return { temperature: "warm", humidity: NaN };
    if (fail !== "getter") return values;
    return Object.defineProperty({ ...values }, "relay", { enumerable: true, get: failing });
  }

  #send([kind, number]: Order): void {
    const device = this.#device!;
    const done = ({ kind: how }: { readonly kind: string }): void => {
      ask(`done ${kind} ${number} ${how}`);
    };
    ask(`posting ${kind} ${number}`);
    if (kind === "event") device.postEvent("overheat", { temperature: number }, done);
    else if (kind === "attributes") device.updateAttributes({ serial: number }, done);
    else device.updateTags({ [`tag${number}`]: String(number) }, done);
    ask(`posted ${kind} ${number}`);
  }
}

function failing(): never {
  throw new Error("the application fails, as the campaign wants it to");
}

/** Runs a command's handler, or fails in its place. */
function obey<T extends CommandResult>(what: string, run: () => T | Promise<T>): T | Promise<T> {
  const fail = ask(what);
  if (fail === "throw") failing();
  if (fail === "hang") return new Promise<T>(() => {});
  if (fail === "nonsense") return "done" as unknown as T;
  return run();
}
