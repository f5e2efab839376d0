/** A thing model as people read it: tables of measure points, events, services and attributes. */
import { count } from "../../../page/words";
import { limitWords, typeWords } from "./model-changes";
import type { Model, ModelField } from "../../../../model/model";
import type { ComponentChildren } from "preact";

export function ModelTables({ model }: { model: Model }) {
  const { measurepoints, events, services, attributes } = model;
  return (
    <div class="stack">
      <Part title="Measure points" number={measurepoints.length} none="It has no measure point.">
        <table class="model">
          <thead>
            <tr>
              <th class="number">No.</th>
              <th>Identifier</th>
              <th>Type</th>
              <th>Unit</th>
              <th>May be</th>
              <th>Writable</th>
              <th>Quality</th>
              <th>Compact form</th>
            </tr>
          </thead>
          <tbody>
            {measurepoints.map((point) => (
              <tr key={point.identifier} data-point={point.identifier}>
                <td class="number" data-label="No.">
                  {point.number}
                </td>
                <Name field={point} />
                <td data-label="Type">{typeWords(point)}</td>
                <td data-label="Unit">{point.unit ?? ""}</td>
                <td class="limits" data-label="May be">
                  {limitWords({ ...point, unit: undefined })}
                </td>
                <td data-label="Writable">{point.writable === true ? "yes" : ""}</td>
                <td data-label="Quality">{point.quality === true ? "yes" : ""}</td>
                <td class="mono" data-label="Compact form">
                  {compactWords(point.compact)}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Part>
      <Part title="Events" number={events.length} none="It has no event.">
        <table class="model">
          <thead>
            <tr>
              <th>Identifier</th>
              <th>Level</th>
              <th>Outputs</th>
            </tr>
          </thead>
          <tbody>
            {events.map((event) => (
              <tr key={event.identifier} data-event={event.identifier}>
                <Name field={event} />
                <td data-label="Level">{event.level ?? "info"}</td>
                <td class="limits" data-label="Outputs">
                  <Fields fields={event.outputs} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Part>
      <Part title="Services" number={services.length} none="It has no service.">
        <table class="model">
          <thead>
            <tr>
              <th class="number">No.</th>
              <th>Identifier</th>
              <th>Inputs</th>
              <th>Outputs</th>
            </tr>
          </thead>
          <tbody>
            {services.map((service) => (
              <tr key={service.identifier} data-service={service.identifier}>
                <td class="number" data-label="No.">
                  {service.number}
                </td>
                <Name field={service} />
                <td class="limits" data-label="Inputs">
                  <Fields fields={service.inputs} />
                </td>
                <td class="limits" data-label="Outputs">
                  <Fields fields={service.outputs} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Part>
      <Part title="Attributes" number={attributes.length} none="It has no attribute.">
        <table class="model">
          <thead>
            <tr>
              <th>Identifier</th>
              <th>Type</th>
              <th>Unit</th>
              <th>May be</th>
            </tr>
          </thead>
          <tbody>
            {attributes.map((attribute) => (
              <tr key={attribute.identifier} data-attribute={attribute.identifier}>
                <Name field={attribute} />
                <td data-label="Type">{typeWords(attribute)}</td>
                <td data-label="Unit">{attribute.unit ?? ""}</td>
                <td class="limits" data-label="May be">
                  {limitWords({ ...attribute, unit: undefined })}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </Part>
    </div>
  );
}

function Part(props: { title: string; number: number; none: string; children: ComponentChildren }) {
  return (
    <section class="card stack" aria-label={props.title}>
      <div class="bar">
        <h2>{props.title}</h2>
        <span class="dim">{props.number}</span>
      </div>
      {props.number === 0 ? (
        <p class="dim">{props.none}</p>
      ) : (
        <div class="scroll" tabIndex={0}>
          {props.children}
        </div>
      )}
    </section>
  );
}

function Name({ field }: { field: { readonly identifier: string; readonly name?: string } }) {
  return (
    <td data-label="Identifier">
      <span>
        {field.identifier}
        {field.name !== undefined && field.name !== field.identifier && (
          <span class="dim">{` ${field.name}`}</span>
        )}
      </span>
    </td>
  );
}

function Fields({ fields }: { fields: readonly ModelField[] }) {
  if (fields.length === 0) return <span class="dim">none</span>;
  return (
    <ul class="fields">
      {fields.map((field) => {
        const limits = limitWords(field);
        const unit = field.range === undefined && field.unit !== undefined ? ` ${field.unit}` : "";
        return (
          <li key={field.identifier}>
            {field.identifier}
            <span class="dim">
              {` ${typeWords(field)}${unit}${limits === "" ? "" : `, ${limits}`}${field.optional === true ? ", optional" : ""}`}
            </span>
          </li>
        );
      })}
    </ul>
  );
}

function compactWords(compact: Model["measurepoints"][number]["compact"]): string {
  if (compact === undefined) return "";
  const { as, scale = 1, offset = 0 } = compact;
  return `${as}${scale === 1 ? "" : ` × ${scale}`}${offset === 0 ? "" : ` + ${offset}`}`;
}

/** What a model has, in a few words. */
export function modelWords({ measurepoints, events, services, attributes }: Model): string {
  return [
    count(measurepoints.length, "measure point"),
    count(events.length, "event"),
    count(services.length, "service"),
    count(attributes.length, "attribute"),
  ].join(", ");
}
