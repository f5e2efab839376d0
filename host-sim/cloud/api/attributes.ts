/** Attributes and tags of a device, read and set from the cloud's side; the device sees them in its queries. */
import type { FastifyInstance } from "fastify";
import type { DeviceView } from "../cloud";
import type { Change } from "../enos/attributes-and-tags";
import { answer, noDevice, nothing, refusedAs, routeSchema } from "./route";
import type { DeviceParams } from "./route";
import { attributesBody, attributesPatch, tagsBody, tagsPatch } from "./schemas/attributes";
import { deviceParams } from "./schemas/parts";
import type { Schema } from "./schemas/parts";
import type { RouteContext } from "./route-context";

const tag = "attributes and tags";

/** Of the two kinds, what their routes differ in. */
interface Kind {
  readonly path: "attributes" | "tags";
  /** Behind the verbs of the operations, and as the answer's schema is called. */
  readonly name: "Attributes" | "Tags";
  readonly body: Schema;
  readonly patch: Schema;
}

const kinds: readonly Kind[] = [
  { path: "attributes", name: "Attributes", body: attributesBody, patch: attributesPatch },
  { path: "tags", name: "Tags", body: tagsBody, patch: tagsPatch },
];

export function attributeRoutes(api: FastifyInstance, { cloud, now }: RouteContext): void {
  const known = (params: DeviceParams): DeviceView => {
    const view = cloud.devices.view(params.productKey, params.deviceKey);
    if (view === undefined) throw noDevice(params);
    return view;
  };

  api.get<{ Params: DeviceParams }>("/devices/:productKey/:deviceKey/origins", {
    schema: routeSchema(tag, "getOrigins", "who changed its attributes and tags last", {
      params: deviceParams,
      answer: { 200: answer("by name", "Origins") },
      faults: [404],
    }),
    handler: ({ params }) => {
      known(params);
      return cloud.devices.origins(params.productKey, params.deviceKey);
    },
  });

  for (const { path, name, body, patch } of kinds) {
    const url = `/devices/:productKey/:deviceKey/${path}`;
    const changed = (params: DeviceParams, change: Change, replaces: boolean): object => {
      const { productKey, deviceKey } = params;
      known(params);
      refusedAs(422, () => {
        if (path === "tags") cloud.devices.changeTags(productKey, deviceKey, change, replaces, now());
        else cloud.devices.changeAttributes(productKey, deviceKey, change, replaces, now());
      });
      return known(params)[path];
    };

    api.get<{ Params: DeviceParams }>(url, {
      schema: routeSchema(tag, `get${name}`, `its ${path}`, {
        params: deviceParams,
        answer: { 200: answer("by name", name) },
        faults: [404],
      }),
      handler: ({ params }) => known(params)[path],
    });
    api.put<{ Params: DeviceParams; Body: Change }>(url, {
      schema: routeSchema(tag, `set${name}`, `give it these ${path} and no others`, {
        params: deviceParams,
        body,
        answer: { 200: answer("by name, as they are then", name) },
        faults: [404, 422],
      }),
      handler: ({ params, body: change }) => changed(params, change, true),
    });
    api.patch<{ Params: DeviceParams; Body: Change }>(url, {
      schema: routeSchema(tag, `update${name}`, `set some of its ${path}; null takes one away`, {
        params: deviceParams,
        body: patch,
        answer: { 200: answer("by name, as they are then", name) },
        faults: [404, 422],
      }),
      handler: ({ params, body: change }) => changed(params, change, false),
    });
    api.delete<{ Params: DeviceParams }>(url, {
      schema: routeSchema(tag, `delete${name}`, `take all its ${path} away`, {
        params: deviceParams,
        answer: { 204: nothing },
        faults: [404],
      }),
      handler: ({ params }, reply) => {
        changed(params, {}, true);
        return reply.code(204).send();
      },
    });
  }
}
