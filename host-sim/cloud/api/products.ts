/** Products: what all devices of a kind have in common, and a try of their parsing script. */
import type { FastifyInstance } from "fastify";
import { enosModelOf, enosTemplateOf } from "../../model/enos-model";
import { sealedOf } from "../../model/model";
import type { ProductRecord } from "../registry/product";
import type { ProductVersion } from "../registry/product-versions";
import type { ScriptFault } from "../script/script-engine";
import { maskedScript } from "../script/masked-script";
import { scriptJson } from "../script/script-json";
import { Problem } from "./problem";
import { answer, given, noProduct, nothing, refusedAs, routeSchema } from "./route";
import type { ProductParams } from "./route";
import { productParams } from "./schemas/parts";
import { modelQuery, productBody, productPatch, tryBody, versionParams } from "./schemas/products";
import type { RouteContext } from "./route-context";
import type { Access } from "./token";

type ProductBody = Omit<ProductRecord, "productKey">;
type ModelFormat = "model.json" | "enos" | "template";
type ProductPatch = { [Member in keyof ProductBody]: ProductBody[Member] | null };
type TryBody = { bytes: string } | { json: unknown };

const tag = "products";

export function productRoutes(api: FastifyInstance, { cloud, now }: RouteContext): void {
  const summaryOf = (record: ProductRecord, devices: number): object => {
    const { productKey, name, payload, largestDatagram, model, script } = record;
    const own = cloud.products.model(productKey);
    return given({
      productKey,
      name,
      payload: payload ?? "json",
      largestDatagram,
      hasModel: model !== undefined,
      modelVersion: own?.version,
      sealed: own && sealedOf(own),
      hasScript: script !== undefined,
      devices,
    });
  };
  api.get("/products", {
    schema: routeSchema(tag, "listProducts", "all products", {
      answer: { 200: answer("the products", "Products") },
    }),
    handler: () => {
      const { ofProduct: counts } = cloud.devices.count();
      return {
        items: cloud.products.list().map((each) => summaryOf(each, counts.get(each.productKey) ?? 0)),
      };
    },
  });

  const full = (productKey: string, access: Access): object => {
    const product = cloud.products.record(productKey);
    if (product === undefined) throw noProduct({ productKey });
    const { model, script } = product;
    return given({
      ...summaryOf(product, cloud.devices.count().ofProduct.get(productKey) ?? 0),
      model,
      script: scriptFor(access, script),
    });
  };

  api.get<{ Params: ProductParams }>("/products/:productKey", {
    schema: routeSchema(tag, "getProduct", "a product with its model and script", {
      params: productParams,
      answer: { 200: answer("the product", "Product") },
      faults: [404],
    }),
    handler: ({ params, access }) => full(params.productKey, access),
  });

  api.put<{ Params: ProductParams; Body: ProductBody }>("/products/:productKey", {
    schema: routeSchema(tag, "putProduct", "create a product, or give it another model and script", {
      params: productParams,
      body: productBody,
      answer: { 200: answer("replaced", "Product"), 201: answer("created", "Product") },
      faults: [422],
    }),
    handler: ({ params: { productKey }, body, access }, reply) => {
      const created = cloud.products.record(productKey) === undefined;
      refusedAs(422, () => cloud.products.put({ ...body, productKey }, now()));
      return reply.code(created ? 201 : 200).send(full(productKey, access));
    },
  });

  api.patch<{ Params: ProductParams; Body: ProductPatch }>("/products/:productKey", {
    schema: routeSchema(tag, "updateProduct", "change a product; what is left out stays, null takes away", {
      params: productParams,
      body: productPatch,
      answer: { 200: answer("as it is then", "Product") },
      faults: [404, 422],
    }),
    handler: ({ params: { productKey }, body, access }) => {
      const product = cloud.products.record(productKey);
      if (product === undefined) throw noProduct({ productKey });
      const merged = { ...product, ...body };
      const record = Object.fromEntries(Object.entries(merged).filter(([, value]) => value !== null));
      refusedAs(422, () => cloud.products.put({ ...record, productKey }, now()));
      return full(productKey, access);
    },
  });

  api.delete<{ Params: ProductParams }>("/products/:productKey", {
    schema: routeSchema(tag, "deleteProduct", "remove a product that has no devices", {
      params: productParams,
      answer: { 204: nothing },
      faults: [404, 409],
    }),
    handler: ({ params }, reply) => {
      if (cloud.products.record(params.productKey) === undefined) throw noProduct(params);
      refusedAs(409, () => cloud.products.remove(params.productKey, now()));
      return reply.code(204).send();
    },
  });

  api.get<{ Params: ProductParams; Querystring: { format: ModelFormat } }>("/products/:productKey/model", {
    schema: routeSchema(tag, "getModel", "its thing model, also as EnOS has it", {
      params: productParams,
      querystring: modelQuery,
      answer: { 200: answer("the model", "ThingModel") },
      faults: [404],
    }),
    handler: ({ params: { productKey }, query: { format } }) => {
      const product = cloud.products.record(productKey);
      const model = cloud.products.model(productKey);
      if (product === undefined) throw noProduct({ productKey });
      if (model === undefined) throw new Problem(404, `product ${productKey} has no thing model`);
      if (format === "enos") return enosModelOf(model);
      return format === "template" ? enosTemplateOf(model) : product.model;
    },
  });

  const versionOf = ({ number, until, payload, model, script, changed }: ProductVersion): object => ({
    ...{ number, until, payload, changed },
    ...{ hasModel: model !== undefined, hasScript: script !== undefined },
  });
  api.get<{ Params: ProductParams }>("/products/:productKey/versions", {
    schema: routeSchema(tag, "listProductVersions", "what was in force before, the last one first", {
      params: productParams,
      answer: { 200: answer("the versions that are kept, at most ten", "ProductVersions") },
      faults: [404],
    }),
    handler: ({ params }) => {
      if (cloud.products.record(params.productKey) === undefined) throw noProduct(params);
      return { items: cloud.products.versions(params.productKey).map(versionOf) };
    },
  });

  api.get<{ Params: ProductParams & { number: number } }>("/products/:productKey/versions/:number", {
    schema: routeSchema(tag, "getProductVersion", "a model and a script that were in force before", {
      params: versionParams,
      answer: { 200: answer("the version", "ProductVersion") },
      faults: [404],
    }),
    handler: ({ params: { productKey, number }, access }) => {
      if (cloud.products.record(productKey) === undefined) throw noProduct({ productKey });
      const found = cloud.products.versions(productKey).find((each) => each.number === number);
      if (found === undefined) throw new Problem(404, `product ${productKey} has no version ${number}`);
      const { model, script } = found;
      return given({ ...versionOf(found), model, script: scriptFor(access, script) });
    },
  });

  api.post<{ Params: ProductParams; Body: TryBody }>("/products/:productKey/script/try", {
    schema: routeSchema(
      tag,
      "tryScript",
      "what the parsing script makes of bytes, or of JSON; nothing is stored or sent",
      {
        params: productParams,
        body: tryBody,
        answer: { 200: answer("the result, or why there is none", "ScriptTrial") },
        faults: [404, 422],
      },
    ),
    handler: ({ params, body }) => {
      const product = cloud.products.record(params.productKey);
      if (product === undefined) throw noProduct(params);
      if (product.script === undefined)
        throw new Problem(422, `product ${params.productKey} has no parsing script`);
      return "bytes" in body
        ? scriptJson(cloud.products.scriptToJson(params.productKey, Buffer.from(body.bytes, "hex")))
        : bytesOf(cloud.products.scriptToRaw(params.productKey, JSON.stringify(body.json)));
    },
  });
}

/** A script as a caller may see it: who may change nothing sees none of a sealed product's keys. */
function scriptFor(access: Access, script: string | undefined): string | undefined {
  return access === "operate" || script === undefined ? script : maskedScript(script);
}

function bytesOf(made: Uint8Array | ScriptFault): object {
  return "fault" in made ? made : { bytes: Buffer.from(made).toString("hex") };
}
