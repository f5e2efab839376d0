/** Commands to devices: queued here, taken along when the device next speaks, followed by their id. */
import type { FastifyInstance } from "fastify";
import type { Command, CommandView } from "../cloud";
import { Problem } from "./problem";
import { answer, given, noDevice, refusedAs, routeSchema } from "./route";
import type { DeviceParams } from "./route";
import { commandBody, commandParams } from "./schemas/commands";
import { deviceParams } from "./schemas/parts";
import type { RouteContext } from "./route-context";

type CommandBody = { timeout?: number } & (
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
      answer: { 202: answer("queued", "QueuedCommand") },
      faults: [404, 409, 422, 429],
    }),
    handler: ({ params, body }, reply) => {
      const { productKey, deviceKey } = params;
      if (cloud.device(productKey, deviceKey) === undefined) throw noDevice(params);
      const { timeout, ...rest } = body;
      const options = { timeout: timeout === undefined ? undefined : timeout * 1000 };
      const id = refusedAs(statusOf, () => {
        return cloud.sendCommand(productKey, deviceKey, commandOf(rest as CommandBody), now(), options);
      });
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
      const command = cloud.command(id);
      if (command === undefined)
        throw new Problem(404, `no command ${id}; finished ones are not kept for ever`);
      return shown(command);
    },
  });

  api.get<{ Params: DeviceParams }>(`${device}/commands`, {
    schema: routeSchema(tag, "listCommands", "the commands kept for a device, oldest first", {
      params: deviceParams,
      answer: { 200: answer("the commands", "Commands") },
      faults: [404],
    }),
    handler: ({ params }) => {
      const { productKey, deviceKey } = params;
      if (cloud.device(productKey, deviceKey) === undefined) throw noDevice(params);
      return { items: cloud.commands(productKey, deviceKey).map(shown) };
    },
  });
}

/** The queue's own refusals of what would do at another time; all others are of the command itself. */
function statusOf(reason: string): number {
  if (reason.endsWith("already wait for this device")) return 429;
  return reason.endsWith("is already waiting for its reply") ? 409 : 422;
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

function shown(view: CommandView): object {
  const { id, productKey, deviceKey, kind, path, status, createdAt, sentAt, answeredAt, offers } = view;
  const { code, data, message } = view;
  return given({
    ...{ id, productKey, deviceKey, kind, path, status, createdAt, sentAt, answeredAt, offers },
    ...{ code, data, message },
  });
}
