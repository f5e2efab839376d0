/** Commands to devices: queued here, taken along when the device next speaks, followed by their id. */
import type { FastifyInstance } from "fastify";
import type { Model } from "../../model/model";
import { deviceOfCommand, isAddressed } from "../enos/addressed-command";
import { CommandRefused } from "../enos/commands";
import { isObject } from "../json";
import type { Command, CommandStatus, CommandView } from "../cloud";
import { Problem } from "./problem";
import { answer, given, noDevice, refusedAs, routeSchema } from "./route";
import type { DeviceParams } from "./route";
import { commandBody, commandParams, commandShown, commandsQuery } from "./schemas/commands";
import { deviceParams } from "./schemas/parts";
import type { RouteContext } from "./route-context";

/** Times are in seconds. */
type CommandBody = { pendingTtl?: number; responseTimeout?: number } & (
  | { kind: "set"; points: Record<string, never> }
  | { kind: "get"; points: string[] }
  | { kind: "service"; service: string; inputs?: Record<string, unknown> }
  | { kind: "raw"; payload: string; requestId: number }
);

const tag = "commands";

export function commandRoutes(api: FastifyInstance, { cloud, now }: RouteContext): void {
  const device = "/devices/:productKey/:deviceKey";

  api.post<{ Params: DeviceParams; Body: CommandBody }>(`${device}/commands`, {
    schema: routeSchema(tag, "sendCommand", "queue a command; follow it at its Location", {
      params: deviceParams,
      body: commandBody,
      shownBody: commandShown,
      answer: { 202: answer("queued", "QueuedCommand") },
      faults: [404, 409, 422, 429],
    }),
    preValidation: ({ body }, _reply, done) => done(formerNameFault(body)),
    handler: ({ params, body }, reply) => {
      const { productKey, deviceKey } = params;
      if (cloud.devices.view(productKey, deviceKey) === undefined) throw noDevice(params);
      const { pendingTtl, responseTimeout, ...rest } = body;
      const times = { pendingTtl: inMs(pendingTtl), responseTimeout: inMs(responseTimeout) };
      const command = commandOf(rest as CommandBody);
      refuseOtherDevice(command, deviceKey, cloud.products.model(productKey));
      const id = refused(() => cloud.commands.send(productKey, deviceKey, command, now(), times));
      return reply
        .code(202)
        .header("location", `${api.prefix}/commands/${id}`)
        .send({ id, status: "pending" });
    },
  });

  api.get<{ Params: { id: string } }>("/commands/:id", {
    schema: routeSchema(tag, "getCommand", "a command, and how it stands", {
      params: commandParams,
      answer: { 200: answer("the command", "Command") },
      faults: [404],
    }),
    handler: ({ params: { id } }) => {
      const command = cloud.commands.view(id);
      if (command === undefined) throw noCommand(id);
      return shown(command);
    },
  });

  api.post<{ Params: { id: string } }>("/commands/:id/revoke", {
    schema: routeSchema(tag, "revokeCommand", "withdraw a command that has not been sent", {
      params: commandParams,
      answer: { 200: answer("the command", "Command") },
      faults: [404, 409],
    }),
    handler: ({ params: { id } }) => {
      if (cloud.commands.view(id) === undefined) throw noCommand(id);
      refused(() => cloud.commands.revoke(id, now()));
      return shown(cloud.commands.view(id)!);
    },
  });

  api.post<{ Params: DeviceParams }>(`${device}/commands/revoke`, {
    schema: routeSchema(tag, "revokeCommands", "withdraw all commands that have not been sent", {
      params: deviceParams,
      answer: { 200: answer("the commands that were withdrawn", "Commands") },
      faults: [404],
    }),
    handler: ({ params }) => {
      const { productKey, deviceKey } = params;
      if (cloud.devices.view(productKey, deviceKey) === undefined) throw noDevice(params);
      const ids = cloud.commands.revokeAll(productKey, deviceKey, now());
      const items = ids.map((id) => cloud.commands.view(id)).filter((view) => view !== undefined);
      return { items: items.map(shown) };
    },
  });

  api.get<{ Params: DeviceParams; Querystring: { status?: CommandStatus } }>(`${device}/commands`, {
    schema: routeSchema(tag, "listCommands", "the commands kept for a device, oldest first", {
      params: deviceParams,
      querystring: commandsQuery,
      answer: { 200: answer("the commands", "Commands") },
      faults: [404],
    }),
    handler: ({ params, query: { status } }) => {
      const { productKey, deviceKey } = params;
      if (cloud.devices.view(productKey, deviceKey) === undefined) throw noDevice(params);
      const all = cloud.commands.list(productKey, deviceKey);
      return { items: all.filter((view) => status === undefined || view.status === status).map(shown) };
    },
  });
}

/** EnOS's own code of a refusal that has one: as many commands wait as it takes. */
const queueFull = 11902;

/** What the cloud refuses as a fault: of what would do at another time by its reason, else of the command itself. */
function refused<T>(work: () => T): T {
  return refusedAs(422, () => {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof CommandRefused)) throw error;
      if (error.why === "full") throw new Problem(429, error.message, queueFull);
      throw new Problem(409, error.message);
    }
  });
}

/** One member was named otherwise in former versions, and the name says nothing of which of the two is meant. */
function formerNameFault(body: unknown): Problem | undefined {
  if (!isObject(body) || !Object.hasOwn(body, "timeout")) return undefined;
  return new Problem(
    400,
    "body.timeout: is now pendingTtl, 0 to 172800 s that the command waits for the device, and responseTimeout, " +
      "1 to 60 s for the reply once it is sent",
  );
}

/** A sealed product's command that names another device than the one it goes to: that one could not open it. */
function refuseOtherDevice(command: Command, deviceKey: string, model: Model | undefined): void {
  const named = isAddressed(model, true) ? deviceOfCommand(command) : undefined;
  if (named === undefined || named === deviceKey) return;
  throw new Problem(
    422,
    `deviceKey: expected that of the device itself, ${deviceKey}, which could open no other's command`,
  );
}

function inMs(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : seconds * 1000;
}

function noCommand(id: string): Problem {
  return new Problem(404, `no command ${id}; finished ones are not kept for ever`);
}

function commandOf(body: CommandBody): Command {
  switch (body.kind) {
    case "set":
    case "get":
      return body as Command;
    case "service":
      return { kind: "service", service: body.service, inputs: body.inputs ?? {} };
    case "raw":
      return { kind: "raw", payload: Buffer.from(body.payload, "hex"), requestId: body.requestId };
  }
}

function shown({ pendingTtl, responseTimeout, ...view }: CommandView): object {
  return given({ ...view, pendingTtl: pendingTtl / 1000, responseTimeout: responseTimeout / 1000 });
}
