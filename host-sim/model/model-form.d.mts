import type { Ajv, CodeOptions, ErrorObject, ValidateFunction } from "ajv";

/** Where the value does not have a model's form; empty where it has. */
export function formErrors(value: unknown): readonly ErrorObject[];

/** The form as a function, and what has made it. @param code how that is written */
export function compiled(code?: CodeOptions): { readonly ajv: Ajv; readonly validate: ValidateFunction };
