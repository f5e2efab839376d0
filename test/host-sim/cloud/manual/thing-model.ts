import type { Page } from "./example";

const topic = "thing/tsltemplate/get";

/** The model that the stand-in answers with, as far as a device needs it. */
interface Template {
  tslModelName: string;
  tslAttributeMap: Record<string, { identifier: string; maximum?: number }>;
  tslMeasurepointMap: Record<string, { identifier: string; hasQuality?: boolean; maximum?: number }>;
  tslServiceMap: Record<string, { identifier: string; inputData: { identifier: string }[] }>;
  tslEventMap: Record<
    string,
    { identifier: string; outputData: { identifier: string }[]; eventType: string }
  >;
}

/** What a device learns of its own model. */
export const thingModel: Page = {
  page: "Device protocol for MQTT › Get thing model (TSL) template, of the first editions and the SDKs",
  examples: [
    {
      what: "the model with maps of attributes, measure points, services and events by identifier",
      section: "Response",
      say: { topic, message: { params: {} } },
      answer: { code: 200, data: "any" },
      then: ({ expect }, { json }) => {
        const { data } = json as { data: Template };
        expect(Object.keys(data.tslMeasurepointMap)).toEqual([
          "flow",
          "level",
          "rings",
          "strokes",
          "valve",
          "hatch",
        ]);
        expect(Object.keys(data.tslAttributeMap)).toEqual(["pump", "height", "sieves"]);
        expect(data.tslMeasurepointMap["flow"]).toMatchObject({
          identifier: "flow",
          hasQuality: true,
          maximum: 500,
        });
        expect(data.tslMeasurepointMap["level"]).toMatchObject({ hasQuality: false });
        const { leak } = data.tslEventMap;
        expect(leak).toMatchObject({ identifier: "leak", eventType: "ERROR" });
        expect(leak.outputData.map(({ identifier }) => identifier)).toEqual(["rate", "zones"]);
        expect(data.tslServiceMap["flush"].inputData).toMatchObject([{ identifier: "seconds" }]);
      },
    },
    {
      what: "params that are not empty",
      section: "Request",
      decided: "they are passed over",
      say: { topic, message: { params: { all: true } } },
      answer: { code: 200, data: "any" },
    },
    {
      what: "of a product without a model",
      section: "Response",
      decided: "900, the SDK's common code for models: the manual has none",
      product: "bare",
      say: { topic, message: { params: {} } },
      answer: { code: 900 },
    },
  ],
};
