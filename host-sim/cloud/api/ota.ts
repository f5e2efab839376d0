/** Firmware: files uploaded for a product, tasks to upgrade its devices, and how far each one is. */
import type { FastifyInstance } from "fastify";
import type { FirmwareAbout, FirmwareRecord, JobOrder, TaskQuery, UpgradeTask } from "../cloud";
import { noFile } from "../ota/firmware-files";
import { packageDoubts } from "../ota/package-head";
import { Problem } from "./problem";
import { answer, given, noDevice, noProduct, nothing, refusedAs, routeSchema } from "./route";
import type { DeviceParams, ProductParams } from "./route";
import type { RouteContext } from "./route-context";
import {
  firmwareBody,
  firmwareNameQuery,
  firmwareParams,
  firmwareQuery,
  jobBody,
  taskParams,
  tasksQuery,
} from "./schemas/ota";
import { deviceParams, productParams } from "./schemas/parts";

interface FirmwareParams extends ProductParams {
  version: string;
}
interface FirmwareNameQuery {
  board?: string;
  from?: string;
}
interface TaskParams {
  taskId: string;
}
type JobBody = Omit<JobOrder, "timeout"> & { timeout?: number };

const tag = "firmware";
const octetStream = "application/octet-stream";

export function otaRoutes(api: FastifyInstance, { cloud, now }: RouteContext): void {
  const shown = (record: FirmwareRecord): object => {
    const { productKey, version } = record;
    const { total } = cloud.devices.find({ productKey, firmwareVersion: version, limit: 1, offset: 0 });
    const warnings = record.package === undefined ? [] : packageDoubts(record.package, record);
    return given({ ...record, devices: total, warnings: warnings.length === 0 ? undefined : warnings });
  };
  const files = ({ productKey }: ProductParams): FirmwareRecord[] => {
    if (cloud.products.record(productKey) === undefined) throw noProduct({ productKey });
    return cloud.ota.firmware(productKey);
  };
  /** The one that is named, or the one for most where neither board nor base is. */
  const file = (params: FirmwareParams, { board, from }: FirmwareNameQuery): FirmwareRecord => {
    const { version } = params;
    const all = files(params).filter((each) => each.version === version);
    const found = all.find((each) => each.board === board && each.from === from);
    const isNamed = board !== undefined || from !== undefined;
    const other = isNamed ? undefined : (all.find((each) => each.from === undefined) ?? all[0]);
    if (found === undefined && other === undefined) {
      throw new Problem(404, noFile(params.productKey, { version, board, from }));
    }
    return (found ?? other)!;
  };

  api.get<{ Params: ProductParams }>("/products/:productKey/firmware", {
    schema: routeSchema(tag, "listFirmware", "a product's firmware files in the order of their upload", {
      params: productParams,
      answer: { 200: answer("the files", "FirmwareList") },
      faults: [404],
    }),
    handler: ({ params }) => ({ items: files(params).map(shown), room: cloud.ota.room }),
  });

  api.get<{ Params: FirmwareParams; Querystring: FirmwareNameQuery }>(
    "/products/:productKey/firmware/:version",
    {
      schema: routeSchema(tag, "getFirmware", "what is known of a firmware file", {
        params: firmwareParams,
        querystring: firmwareNameQuery,
        answer: { 200: answer("the file", "Firmware") },
        faults: [404],
      }),
      handler: ({ params, query }) => shown(file(params, query)),
    },
  );

  uploadRoute(api, { cloud, now }, files, shown);

  api.delete<{ Params: FirmwareParams; Querystring: FirmwareNameQuery }>(
    "/products/:productKey/firmware/:version",
    {
      schema: routeSchema(tag, "deleteFirmware", "remove a file, or all of a version's, that no task needs", {
        params: firmwareParams,
        querystring: firmwareNameQuery,
        answer: { 204: nothing },
        faults: [404, 409],
      }),
      handler: ({ params, query: { board, from } }, reply) => {
        const { productKey, version } = file(params, { board, from });
        refusedAs(409, () => cloud.ota.removeFirmware(productKey, { version, board, from }, now()));
        return reply.code(204).send();
      },
    },
  );

  api.get<{ Params: DeviceParams }>("/devices/:productKey/:deviceKey/firmware", {
    schema: routeSchema(tag, "getDeviceFirmware", "a device's firmware, and how its upgrades stand", {
      params: deviceParams,
      answer: { 200: answer("its version and its tasks", "DeviceFirmware") },
      faults: [404],
    }),
    handler: ({ params }) => {
      const device = cloud.devices.view(params.productKey, params.deviceKey);
      if (device === undefined) throw noDevice(params);
      const { firmwareVersion: version, firmwareSince: since, firmwareInformedAt: informedAt } = device;
      return given({ version, since, informedAt, tasks: cloud.ota.tasks(params).map(taskShown) });
    },
  });

  api.post<{ Body: JobBody }>("/ota-jobs", {
    schema: routeSchema(
      tag,
      "createOtaJob",
      "have devices upgrade that have informed their version: one task each",
      {
        body: jobBody,
        answer: { 201: answer("the tasks, and the devices that got none", "OtaJob") },
        faults: [422],
      },
    ),
    handler: ({ body }, reply) => {
      const { timeout, ...order } = body;
      const seconds = timeout === undefined ? {} : { timeout: timeout * 1000 };
      const job = refusedAs(422, () => cloud.ota.order({ ...order, ...seconds }, now()));
      return reply.code(201).send({ ...job, tasks: job.tasks.map(taskShown) });
    },
  });

  api.get<{ Querystring: TaskQuery & { limit: number; offset: number } }>("/ota-tasks", {
    schema: routeSchema(tag, "listOtaTasks", "upgrade tasks, the newest first", {
      querystring: tasksQuery,
      answer: { 200: answer("some of them", "OtaTasks") },
    }),
    handler: ({ query: { limit, offset, ...query } }) => {
      const all = cloud.ota.tasks(query);
      return { items: all.slice(offset, offset + limit).map(taskShown), total: all.length, limit, offset };
    },
  });

  const known = ({ taskId }: TaskParams): UpgradeTask => {
    const task = cloud.ota.task(taskId);
    if (task !== undefined) return task;
    throw new Problem(404, `no task ${taskId}; finished ones are not kept for ever`);
  };

  api.get<{ Params: TaskParams }>("/ota-tasks/:taskId", {
    schema: routeSchema(tag, "getOtaTask", "an upgrade task, and how it stands", {
      params: taskParams,
      answer: { 200: answer("the task", "OtaTask") },
      faults: [404],
    }),
    handler: ({ params }) => taskShown(known(params)),
  });

  /** A route that decides what becomes of a task, and answers how it stands then. */
  const decide = (
    name: string,
    operationId: string,
    summary: string,
    work: (taskId: string) => UpgradeTask,
  ): void => {
    api.post<{ Params: TaskParams }>(`/ota-tasks/:taskId/${name}`, {
      schema: routeSchema(tag, operationId, summary, {
        params: taskParams,
        answer: { 200: answer("how it stands then", "OtaTask") },
        faults: [404, 409],
      }),
      handler: ({ params }) => {
        known(params);
        return taskShown(refusedAs(409, () => work(params.taskId)));
      },
    });
  };
  decide("cancel", "cancelOtaTask", "end a task that the device has not begun", (taskId) =>
    cloud.ota.cancel(taskId, now()),
  );
  decide("retry", "retryOtaTask", "begin a failed task anew", (taskId) => cloud.ota.retry(taskId, now()));
}

/** The route that takes a file: the one whose body is no JSON, and larger than all others'. */
function uploadRoute(
  api: FastifyInstance,
  { cloud, now }: Pick<RouteContext, "cloud" | "now">,
  files: (params: ProductParams) => FirmwareRecord[],
  shown: (record: FirmwareRecord) => object,
): void {
  void api.register(async (upload) => {
    const bodyLimit = cloud.ota.largestFirmware;
    upload.removeAllContentTypeParsers();
    upload.addContentTypeParser(octetStream, { parseAs: "buffer", bodyLimit }, (_request, body, done) => {
      done(null, body);
    });
    // A body that does not say what it is will do: `curl -T FILE` says nothing.
    upload.addContentTypeParser("*", { parseAs: "buffer", bodyLimit }, ({ headers }, body, done) => {
      const got = headers["content-type"];
      if (got === undefined) done(null, body);
      else done(new Problem(415, `Content-Type: expected ${octetStream}, or none; got ${got.slice(0, 80)}`));
    });
    upload.put<{
      Params: FirmwareParams;
      Querystring: Pick<FirmwareAbout, "signMethod" | "desc" | "board" | "from" | "fileUrl">;
      Body?: Buffer;
    }>("/products/:productKey/firmware/:version", {
      bodyLimit,
      schema: routeSchema(tag, "putFirmware", "upload a firmware file, or another one in its place", {
        params: firmwareParams,
        querystring: firmwareQuery,
        body: firmwareBody,
        answer: { 200: answer("replaced", "Firmware"), 201: answer("there now", "Firmware") },
        faults: [404, 422],
      }),
      handler: ({ params, query, body }, reply) => {
        const { productKey, version } = params;
        const before = files(params).length;
        const about = { productKey, version, ...query };
        const bytes = body ?? Buffer.alloc(0);
        const record = refusedAs(422, () => cloud.ota.putFirmware(about, bytes, now()));
        return reply.code(files(params).length === before ? 200 : 201).send(shown(record));
      },
    });
  });
}

function taskShown({ timeout, ...task }: UpgradeTask): object {
  return given({ ...task, timeout: timeout / 1000 });
}
