/** The device registry: who may speak to the cloud, and how each one stands. */
import type { FastifyInstance } from "fastify";
import type { DeviceView } from "../cloud";
import type { DeviceChange } from "../registry/cloud-device";
import type { DeviceQuery } from "../registry/device-query";
import type { DeviceRecord } from "../registry/registry";
import { Problem } from "./problem";
import { answer, given, noDevice, nothing, refusedAs, routeSchema } from "./route";
import type { DeviceParams } from "./route";
import { deviceBody, devicePatch, devicesQuery } from "./schemas/devices";
import { deviceParams } from "./schemas/parts";
import type { RouteContext } from "./route-context";

type DevicePatch = Pick<DeviceChange, "deviceSecret" | "edition"> & { name?: string | null };
type DeviceBody = Omit<DeviceRecord, "deviceSecret" | "state"> & { deviceSecret?: string };

const tag = "devices";

export function deviceRoutes(api: FastifyInstance, { cloud, now, randomBytes }: RouteContext): void {
  const known = (params: DeviceParams): DeviceView => {
    const view = cloud.devices.view(params.productKey, params.deviceKey, now());
    if (view === undefined) throw noDevice(params);
    return view;
  };

  api.get<{ Querystring: DeviceQuery }>("/devices", {
    schema: routeSchema(tag, "listDevices", "devices: all, or those that are searched for", {
      querystring: devicesQuery,
      answer: { 200: answer("some of them", "Devices") },
    }),
    handler: ({ query }) => {
      const { devices, total } = cloud.devices.find(query, now());
      return { items: devices.map(shown), total, limit: query.limit, offset: query.offset };
    },
  });

  api.post<{ Body: DeviceBody }>("/devices", {
    schema: routeSchema(tag, "createDevice", "register a device", {
      body: deviceBody,
      answer: { 201: answer("registered; a secret that was made here is in no other answer", "NewDevice") },
      faults: [409, 422],
    }),
    handler: ({ body }, reply) => {
      const { productKey, deviceKey } = body;
      if (cloud.devices.view(productKey, deviceKey) !== undefined) {
        throw new Problem(409, `device ${productKey}/${deviceKey} is already there; remove it first`);
      }
      const deviceSecret = body.deviceSecret ?? Buffer.from(randomBytes(24)).toString("base64url");
      const view = refusedAs(422, () => cloud.devices.create({ ...body, deviceSecret }, now()));
      const once = body.deviceSecret === undefined ? { deviceSecret } : {};
      return reply
        .code(201)
        .header("location", `${api.prefix}/devices/${productKey}/${deviceKey}`)
        .send({ ...shown(view), ...once });
    },
  });

  api.get<{ Params: DeviceParams }>("/devices/:productKey/:deviceKey", {
    schema: routeSchema(tag, "getDevice", "a device", {
      params: deviceParams,
      answer: { 200: answer("how it stands", "Device") },
      faults: [404],
    }),
    handler: ({ params }) => shown(known(params)),
  });

  api.patch<{ Params: DeviceParams; Body: DevicePatch }>("/devices/:productKey/:deviceKey", {
    schema: routeSchema(
      tag,
      "updateDevice",
      "change a device; what is left out stays, null takes a name away",
      {
        params: deviceParams,
        body: devicePatch,
        answer: { 200: answer("how it stands then", "Device") },
        faults: [404, 422],
      },
    ),
    handler: ({ params, body: { name, ...keys } }) => {
      known(params);
      const change = name === undefined ? keys : { ...keys, name: name ?? undefined };
      refusedAs(422, () => cloud.devices.change(params.productKey, params.deviceKey, change, now()));
      return shown(known(params));
    },
  });

  api.delete<{ Params: DeviceParams }>("/devices/:productKey/:deviceKey", {
    schema: routeSchema(tag, "deleteDevice", "remove a device with all that it reported", {
      params: deviceParams,
      answer: { 204: nothing },
      faults: [404],
    }),
    handler: ({ params }, reply) => {
      known(params);
      cloud.devices.remove(params.productKey, params.deviceKey, now());
      return reply.code(204).send();
    },
  });

  /** A route that changes a device and answers how it stands then. */
  const change = (
    name: string,
    operationId: string,
    summary: string,
    work: (params: DeviceParams) => void,
  ): void => {
    api.post<{ Params: DeviceParams }>(`/devices/:productKey/:deviceKey/${name}`, {
      schema: routeSchema(tag, operationId, summary, {
        params: deviceParams,
        answer: { 200: answer("how it stands then", "Device") },
        faults: [404],
      }),
      handler: ({ params }) => {
        known(params);
        work(params);
        return shown(known(params));
      },
    });
  };
  change("enable", "enableDevice", "let a disabled device in again", ({ productKey, deviceKey }) => {
    cloud.devices.enable(productKey, deviceKey, now());
  });
  change(
    "disable",
    "disableDevice",
    "shut a device out: whatever it asks is answered 4.03",
    ({ productKey, deviceKey }) => {
      cloud.devices.disable(productKey, deviceKey, now());
    },
  );
  change(
    "forget-session",
    "forgetDeviceSession",
    "end its session: it has to authenticate anew",
    ({ productKey, deviceKey }) => {
      cloud.devices.forgetSession(productKey, deviceKey, now());
    },
  );
}

/** What may be seen of a device: named one by one, so that nothing is shown for being there. */
function shown(view: DeviceView): object {
  const { productKey, deviceKey, name, edition, state, stateSince, stateReason } = view;
  const { lastSeen, onlineSince, lifetime, sessionUntil, peer, firmwareVersion } = view;
  const { battery, signal, alarms, sealed, counters } = view;
  return given({
    ...{ productKey, deviceKey, name, edition, state, stateSince, stateReason },
    ...{ lastSeen, onlineSince, lifetime, sessionUntil, peer, firmwareVersion },
    ...{ battery, signal, alarms, sealed, counters },
  });
}
