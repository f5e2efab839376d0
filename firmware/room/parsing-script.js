/*
 * EnOS parsing script of the product "Room climate"
 * Thing model version 1, layout ba65a6fb893b77af
 *
 * Written by npm run model together with the firmware's thing.ts, which bears the same layout: put
 * it into the console whole, before firmware of this version goes out, and do not edit it.
 */
var VERSION = 1;

// Measure points by number. A "former" one is no longer in the model, but old firmware may send it.
var POINTS = {
  1: { id: "temperature", type: "double", as: "int16", scale: 0.01, offset: 0, decimals: 2 },
  2: { id: "humidity", type: "double", as: "uint16", scale: 0.01, offset: 0, decimals: 2 },
  3: { id: "battery", type: "double", as: "uint16", scale: 0.001, offset: 0, decimals: 3 }
};

// Services by number.
var SERVICES = {
  17: {
    id: "measure",
    inputs: [],
    outputs: [{ id: "temperature", type: "double" }, { id: "humidity", type: "double" }],
  },
  18: { id: "restart", inputs: [{ id: "normally", type: "bool", optional: true }], outputs: [] },
  19: {
    id: "fetch_log",
    inputs: [{ id: "skip", type: "int", optional: true }],
    outputs: [{ id: "text", type: "string" }],
  }
};

// Codes of answers that a byte cannot state; 255 stands for any other.
var CODES = { 250: 400, 251: 404, 252: 500 };

// The raw payloads, big-endian. All numbers without a sign unless it is said.
//
//   measure points      01 | request id u32 | ( point u8 | length u16 | value [quality u8] )*
//   the same, compact   03 | request id u32 | n u8 | bitmap of n bytes | ( value [quality u8] )*
//   several readings    04 | request id u32 | flags u8 | time u48 |
//                         ( later varint | n u8 | ( point u8 | length u16 | value [quality u8] )*n )*
//   the same, compact   05 | request id u32 | flags u8 | time u48 |
//                         ( later varint | n u8 | bitmap of n bytes | ( value [quality u8] )* )*
//   set                 02 | request id u32 | ( point u8 | value )*
//   service             its number u8 | request id u32 | inputs in order
//   answer to both      first byte of the command | request id u32 | code u8 | outputs in order
//   with a longer id    06 | id u64 | first byte of the command | what stands behind its id, both ways
//   answer to points    request id u32 | code u16
//
// Values: int and enum 4 bytes, int64 and timestamp 8 (two's complement), float 4, double 8 (IEEE 754),
// bool 1, string and date UTF-8, an enum of texts as the number of its text, array its items (a text behind
// its length u16), struct ( field u8 | length u16 | value )*. In commands and answers a string, date, array or
// struct stands behind its length u16, and what may be left out behind a byte 0 or 1. In the compact layout a
// bool or enum is one byte, a number with "as" is round((value - offset) / scale) in that form, and the bitmap's
// bit (n - 1) & 7 of byte (n - 1) >> 3 tells that point n is there.
//
// Of several readings, flags have bit 0 when they were stored while the device was offline; time is that
// of the first in epoch ms, and later the ms since the reading before it (0 for the first): an unsigned
// LEB128, 7 bits to a byte, the lowest first, of at most 6 bytes. At most 255 readings. They become
// thing.measurepoint.post.batch, or thing.measurepoint.resume.batch when stored; one reading alone
// becomes thing.measurepoint.post or thing.measurepoint.resume, with its time.

// Why the last call had nothing to give; "" when it did well.
var lastFault = "";

// From the device to JSON. `bytes` is an array of numbers, signed or unsigned.
// What is no message of this model gives {"code": 1220, "message": why} with the "id", if there is one.
function rawDataToJsonStr(bytes) {
  var id;
  lastFault = "";
  try {
    var input = { bytes: plainBytes(bytes), at: 0 };
    var quick = input.bytes[0] === 1 ? quickReport(input.bytes) : "";
    if (quick !== "") return quick;
    var kind = readUint(input, 1, input.bytes.length);
    if (kind === 6) {
      id = readLongId(input);
      return JSON.stringify(readAnswer(input, readUint(input, 1, input.bytes.length), id));
    }
    id = String(readUint(input, 4, input.bytes.length));
    if (kind === 1 || kind === 3) return readReport(input, id, kind === 3);
    if (kind === 4 || kind === 5) return readBatch(input, id, kind === 5);
    return JSON.stringify(readAnswer(input, kind, id));
  } catch (error) {
    lastFault = String(error && error.message);
    return JSON.stringify({ id: id, code: 1220, message: lastFault });
  }
}

// From JSON to the device: a command, or {"id", "code"} as the answer to a report. Gives an array of
// numbers 0 to 255; an empty one for what this model cannot state, `lastFault` then tells why.
function jsonStrToRawData(json) {
  lastFault = "";
  try {
    var message = JSON.parse(json);
    if (!isObject(message)) fail("no JSON object");
    var out = [];
    if (typeof message.method !== "string") {
      var code = wholeNumber(message.code, 0, 65535, "code");
      writeUint32(out, answerId(message.id));
      out.push(code >> 8, code & 255);
    } else if (message.method === "thing.service.measurepoint.set") {
      writeSet(out, commandId(message.id, json), message.params);
    } else if (message.method.indexOf("thing.service.") === 0) {
      writeService(out, commandId(message.id, json), message.method.slice("thing.service.".length), message.params);
    } else {
      fail("the method " + message.method.slice(0, 80) + " has no raw form");
    }
    return out;
  } catch (error) {
    lastFault = String(error && error.message);
    return [];
  }
}

function fail(message) {
  throw new Error(message);
}

function isObject(value) {
  return Object.prototype.toString.call(value) === "[object Object]";
}

function has(object, name) {
  return Object.prototype.hasOwnProperty.call(object, name);
}

// ---- messages from the device ----

function plainBytes(bytes) {
  var length = bytes === null || typeof bytes !== "object" ? -1 : bytes.length;
  if (typeof length !== "number" || !(length >= 0 && length <= 65535)) fail("no array of bytes");
  var out = [];
  for (var i = 0; i < length; i++) {
    var given = bytes[i];
    var byte = given & 255;
    if (byte !== given && (byte < 128 || byte - 256 !== given)) fail("byte " + i + " is none");
    out[i] = byte;
  }
  return out;
}

// The points whose values are read without much ado: numbers and texts of this model's own, by the kind of their value.
var QUICK_KINDS = { int: 1, int64: 2, timestamp: 2, double: 3, bool: 4, enum: 5, string: 6 };
(function () {
  for (var number in POINTS) {
    var point = POINTS[number];
    point.quick = point.former || point.texts ? 0 : QUICK_KINDS[point.type] || 0;
    point.head = ',"' + point.id + '":';
  }
})();

// What most reports are: points in the order of their numbers, whose values have nothing special. The JSON is put
// together as text, which takes a third of the time. "" for any other, of which readReport tells what it is.
function quickReport(bytes) {
  var end = bytes.length;
  if (end < 5) return "";
  var points = "";
  var before = 0;
  var at = 5;
  while (at < end) {
    var number = bytes[at];
    var point = POINTS[number];
    if (number <= before || point === undefined || at + 3 > end) return "";
    before = number;
    var length = bytes[at + 1] * 256 + bytes[at + 2];
    at += 3;
    if (at + length > end) return "";
    if (point.quality) length -= 1;
    var value;
    switch (point.quick) {
      case 1:
        if (length !== 4) return "";
        value = int32At(bytes, at);
        break;
      case 2:
        if (length !== 8) return "";
        value = int32At(bytes, at) * 4294967296 + (int32At(bytes, at + 4) >>> 0);
        if (value > 9007199254740991 || value < -9007199254740991) return "";
        break;
      case 3:
        if (length !== 8) return "";
        value = doubleAt(bytes, at);
        if (value !== value) return "";
        break;
      case 4:
        if (length !== 1 || bytes[at] > 1) return "";
        value = bytes[at] === 1;
        break;
      case 5:
        if (length !== 4) return "";
        value = int32At(bytes, at);
        if (point.values.indexOf(value) < 0) return "";
        break;
      case 6:
        value = quickText(bytes, at, at + length);
        if (value === "") return "";
        break;
      default:
        return "";
    }
    at += length;
    if (point.quality) {
      if (length < 0 || bytes[at] > 9) return "";
      value = '{"value":' + value + ',"quality":' + bytes[at] + "}";
      at += 1;
    }
    points += point.head + value;
  }
  var head = '{"id":"' + (int32At(bytes, 1) >>> 0) + '","version":"1.0","method":"thing.measurepoint.post","params":';
  return head + '{"measurepoints":{' + points.slice(1) + "}}}";
}

function int32At(bytes, at) {
  return (bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3];
}

// NaN for what readDouble has to look at: a number of less than full precision, or none.
function doubleAt(bytes, at) {
  var high = int32At(bytes, at);
  var low = int32At(bytes, at + 4) >>> 0;
  if (high === 0 && low === 0) return 0;
  var exponent = (high >>> 20) & 2047;
  if (exponent === 0 || exponent === 2047) return NaN;
  var size = (1 + ((high & 1048575) * 4294967296 + low) / 4503599627370496) * Math.pow(2, exponent - 1023);
  return high < 0 ? -size : size;
}

// A text in its quotes; "" when one of its characters is not of ASCII, or has another form in JSON.
function quickText(bytes, at, end) {
  var text = '"';
  for (; at < end; at++) {
    var byte = bytes[at];
    if (byte < 32 || byte > 126 || byte === 34 || byte === 92) return "";
    text += String.fromCharCode(byte);
  }
  return text + '"';
}

function uplink(id, method, params) {
  return JSON.stringify({ id: id, version: "1.0", method: method, params: params });
}

function readReport(input, id, compact) {
  var points = compact ? readCompact(input) : readSample(input, -1);
  if (input.at !== input.bytes.length) fail(input.bytes.length - input.at + " bytes left over");
  return uplink(id, "thing.measurepoint.post", { measurepoints: points });
}

function readBatch(input, id, compact) {
  var end = input.bytes.length;
  var flags = readUint(input, 1, end);
  if (flags > 1) fail("flags are " + flags + ", only bit 0 has a meaning");
  var method = flags === 1 ? "thing.measurepoint.resume" : "thing.measurepoint.post";
  var time = readUint(input, 6, end);
  var readings = [];
  var count = 0;
  var points;
  while (input.at < end) {
    count += 1;
    if (count > 255) fail("more than 255 readings");
    time += readVarint(input, end);
    points = compact ? readCompact(input) : readSample(input, readUint(input, 1, end));
    // EnOS refuses a reading without a point: one that had none but former points is left out.
    if (!isEmpty(points)) readings.push({ measurepoints: points, time: time });
  }
  if (count === 0) fail("no reading");
  if (readings.length > 1) return uplink(id, method + ".batch", readings);
  return uplink(id, method, readings.length === 1 ? readings[0] : { measurepoints: {}, time: time });
}

// Seven bits to a byte, the lowest first; the top bit tells that more follow.
function readVarint(input, end) {
  var value = 0;
  for (var i = 0; i < 6; i++) {
    var byte = readUint(input, 1, end);
    value += (byte & 127) * Math.pow(128, i);
    if (byte < 128) return value;
  }
  return fail("a number of more than 6 bytes");
}

function isEmpty(object) {
  for (var name in object) if (has(object, name)) return false;
  return true;
}

// So many points, or all up to the end when `count` is below 0.
function readSample(input, count) {
  var end = input.bytes.length;
  var points = {};
  var seen = {};
  for (var i = 0; count < 0 ? input.at < end : i < count; i++) {
    var number = readUint(input, 1, end);
    var point = pointOf(number);
    var valueEnd = readLength(input, end);
    if (seen[number]) fail("point " + number + " comes twice");
    seen[number] = true;
    var value = readValue(input, point, point.quality ? valueEnd - 1 : valueEnd);
    putPoint(input, points, point, value, valueEnd);
    if (input.at !== valueEnd) fail("point " + number + " has bytes left over");
  }
  return points;
}

function readCompact(input) {
  var end = input.bytes.length;
  var length = readUint(input, 1, end);
  var bitmap = input.at;
  need(input, length, end);
  input.at += length;
  var points = {};
  for (var i = 0; i < 8 * length; i++) {
    if (((input.bytes[bitmap + (i >> 3)] >> (i & 7)) & 1) === 0) continue;
    var point = pointOf(i + 1);
    putPoint(input, points, point, readCompactValue(input, point, end), end);
  }
  return points;
}

function pointOf(number) {
  var point = POINTS[number];
  if (point === undefined) fail("point " + number + " is not in version " + VERSION + " of the model");
  return point;
}

function putPoint(input, points, point, value, end) {
  if (point.quality) {
    var quality = readUint(input, 1, end);
    if (quality > 9) fail("a quality is " + quality + ", beyond 9");
    value = { value: value, quality: quality };
  }
  // The number of a point that the model no longer has: its bytes are passed over.
  if (point.id !== null) points[point.id] = value;
}

function readAnswer(input, kind, id) {
  var end = input.bytes.length;
  if (kind !== 2 && kind < 17) fail("first byte " + kind + " is none of a message from a device");
  var known = kind === 2 || has(SERVICES, kind);
  var code = readUint(input, 1, end);
  var answer = { id: id, code: has(CODES, code) ? CODES[code] : code, data: {} };
  if (code === 200 && !known) fail("service " + kind + " is not in version " + VERSION + " of the model");
  if (code === 200 && kind !== 2) answer.data = readOutputs(input, SERVICES[kind].outputs, end);
  if (input.at !== end) fail(end - input.at + " bytes left over");
  return answer;
}

function readOutputs(input, fields, end) {
  var outputs = {};
  for (var i = 0; i < fields.length; i++) {
    var field = fields[i];
    if (field.optional && !readBool(input, end)) continue;
    var valueEnd = isFixed(field) ? end : readLength(input, end);
    outputs[field.id] = readValue(input, field, valueEnd);
    if (!isFixed(field) && input.at !== valueEnd) fail(field.id + " has bytes left over");
  }
  return outputs;
}

// ---- values from the device ----

function need(input, count, end) {
  if (input.at + count > end) fail("ends at byte " + end + ", " + (input.at + count - end) + " too early");
}

function readUint(input, size, end) {
  var at = input.at;
  if (at + size > end) need(input, size, end);
  var bytes = input.bytes;
  input.at = at + size;
  var value = bytes[at];
  for (var i = 1; i < size; i++) value = value * 256 + bytes[at + i];
  return value;
}

// Where what stands behind a length of 16 bits ends.
function readLength(input, end) {
  var length = readUint(input, 2, end);
  need(input, length, end);
  return input.at + length;
}

function readInt(input, size, end) {
  var high = readUint(input, size === 8 ? 4 : size, end);
  var limit = Math.pow(2, size === 8 ? 31 : 8 * size - 1);
  if (high >= limit) high -= 2 * limit;
  if (size < 8) return high;
  var value = high * 4294967296 + readUint(input, 4, end);
  if (Math.abs(value) > 9007199254740991) fail("a number beyond 2^53");
  return value;
}

function readBool(input, end) {
  var byte = readUint(input, 1, end);
  if (byte > 1) fail("a truth value is " + byte);
  return byte === 1;
}

function isFixed(type) {
  return type.type !== "string" && type.type !== "date" && type.type !== "array" && type.type !== "struct";
}

// One of variable length takes all up to `end`.
function readValue(input, type, end) {
  switch (type.type) {
    case "int":
      return readInt(input, 4, end);
    case "enum":
      return enumValue(readInt(input, 4, end), type);
    case "int64":
    case "timestamp":
      return readInt(input, 8, end);
    case "float":
      return readFloat(input, end);
    case "double":
      return readDouble(input, end);
    case "bool":
      return readBool(input, end);
    case "string":
    case "date":
      return readText(input, end);
    case "array":
      return readItems(input, { type: type.items }, end);
    default:
      return readStruct(input, type.fields, end);
  }
}

// What an enum's number stands for: itself, or its text.
function enumValue(number, type) {
  var place = type.values.indexOf(number);
  if (place < 0) fail(number + " is none of " + type.values.join(", "));
  return type.texts ? type.texts[place] : number;
}

function readItems(input, item, end) {
  var items = [];
  while (input.at < end) {
    items.push(readValue(input, item, isFixed(item) ? end : readLength(input, end)));
  }
  return items;
}

function readStruct(input, fields, end) {
  var struct = {};
  while (input.at < end) {
    var number = readUint(input, 1, end);
    var fieldEnd = readLength(input, end);
    if (!has(fields, number)) fail("field " + number + " is not in version " + VERSION + " of the model");
    var value = readValue(input, fields[number], fieldEnd);
    if (input.at !== fieldEnd) fail(fields[number].id + " has bytes left over");
    if (fields[number].id !== null) struct[fields[number].id] = value;
  }
  return struct;
}

function readCompactValue(input, point, end) {
  if (point.as) {
    var size = Number(/[0-9]+/.exec(point.as)[0]) / 8;
    var raw = point.as.charAt(0) === "u" ? readUint(input, size, end) : readInt(input, size, end);
    var value = raw * point.scale + point.offset;
    // Decimals as the scale is written: 29 * 0.01 is to give 0.29.
    return point.decimals === undefined ? value : Number(value.toFixed(point.decimals));
  }
  if (point.type === "enum" && !point.wide) return enumValue(readUint(input, 1, end), point);
  if (isFixed(point)) return readValue(input, point, end);
  var valueEnd = readLength(input, end);
  return readValue(input, point, valueEnd);
}

function readText(input, end) {
  var text = "";
  while (input.at < end) {
    var first = input.bytes[input.at++];
    var more = first < 128 ? 0 : first < 194 ? -1 : first < 224 ? 1 : first < 240 ? 2 : first < 245 ? 3 : -1;
    if (more < 0 || input.at + more > end) fail("a text is no UTF-8");
    var point = more === 0 ? first : first & (63 >> more);
    for (var i = 0; i < more; i++) {
      var next = input.bytes[input.at++];
      if ((next & 192) !== 128) fail("a text is no UTF-8");
      point = point * 64 + (next & 63);
    }
    var forged = (more === 2 && point < 2048) || (more === 3 && point < 65536);
    if (forged || point > 1114111 || (point >= 55296 && point <= 57343)) fail("a text is no UTF-8");
    if (point < 65536) text += String.fromCharCode(point);
    else text += String.fromCharCode(55296 + ((point - 65536) >> 10), 56320 + ((point - 65536) & 1023));
  }
  return text;
}

function readDouble(input, end) {
  var high = readUint(input, 4, end);
  var low = readUint(input, 4, end);
  var sign = high >= 2147483648 ? -1 : 1;
  var exponent = (high >>> 20) & 2047;
  var fraction = (high & 1048575) * 4294967296 + low;
  if (exponent === 2047) fail("a double is no number");
  if (exponent === 0) return sign * fraction * Math.pow(2, -1074);
  return sign * (1 + fraction / 4503599627370496) * Math.pow(2, exponent - 1023);
}

function readFloat(input, end) {
  var bits = readUint(input, 4, end);
  var exponent = (bits >>> 23) & 255;
  var fraction = bits & 8388607;
  if (exponent === 255) fail("a float is no number");
  var value = exponent === 0 ? fraction * Math.pow(2, -149) : (8388608 + fraction) * Math.pow(2, exponent - 150);
  // The fewest digits that say it: 21.6 and not 21.600000381469727.
  for (var digits = 6; digits <= 9; digits++) {
    var shorter = Number(value.toPrecision(digits));
    if (floatBits(shorter) === bits % 2147483648) {
      value = shorter;
      break;
    }
  }
  return bits >= 2147483648 ? -value : value;
}

// ---- messages to the device ----

// The id of a report that is answered: the device gave it, so that it has 32 bits.
function answerId(id) {
  var number = typeof id === "string" && /^[0-9]{1,10}$/.test(id) ? Number(id) : id;
  return wholeNumber(number, 0, 4294967295, "id");
}

// A command's id in decimal digits. EnOS gives ids of 62 bits, which a number of JavaScript cannot hold: of
// one that is no text the digits are read where the JSON has them.
function commandId(id, json) {
  var text = typeof id === "number" && id > 9007199254740991 ? digitsOfId(json) : String(id);
  if (typeof id !== "number" && typeof id !== "string") text = "";
  if (!/^(0|[1-9][0-9]{0,19})$/.test(text)) fail("id has to be a whole number from 0 to 18446744073709551615");
  return text;
}

// How the member "id" of a JSON object is written; of several the last one counts, as for JSON.parse.
function digitsOfId(json) {
  var tokens = /"(?:[^"\\]|\\.)*"|[{}[\],:]|[^\s{}[\],:"]+/g;
  var depth = 0;
  var name = "";
  var before = "";
  var found = "";
  for (var match = tokens.exec(json); match !== null; match = tokens.exec(json)) {
    var token = match[0];
    if (depth === 1 && token === ":") name = JSON.parse(before);
    if (depth === 1 && before === ":" && name === "id") found = token;
    if (token === "{" || token === "[") depth += 1;
    if (token === "}" || token === "]") depth -= 1;
    before = token;
  }
  return found;
}

// First byte and id of a command: u32 where that holds it, and u64 behind a 6.
function writeHead(out, first, id) {
  if (Number(id) <= 4294967295) {
    out.push(first);
    return writeUint32(out, Number(id));
  }
  var bytes = [0, 0, 0, 0, 0, 0, 0, 0];
  for (var i = 0; i < id.length; i++) {
    var carry = Number(id.charAt(i));
    for (var place = 7; place >= 0; place--) {
      carry += bytes[place] * 10;
      bytes[place] = carry % 256;
      carry = Math.floor(carry / 256);
    }
    if (carry > 0) fail("id has to be a whole number from 0 to 18446744073709551615");
  }
  out.push(6);
  for (var at = 0; at < 8; at++) out.push(bytes[at]);
  return out.push(first);
}

// Eight bytes as decimal digits.
function readLongId(input) {
  // Firmware from before such ids says that it knows no service 6, with half of the id.
  if (input.bytes.length < 11) fail("the firmware is too old for an id beyond 32 bits");
  var bytes = input.bytes.slice(input.at, input.at + 8);
  input.at += 8;
  var digits = "";
  for (var left = true; left; ) {
    var rest = 0;
    left = false;
    for (var i = 0; i < 8; i++) {
      rest = rest * 256 + bytes[i];
      bytes[i] = Math.floor(rest / 10);
      rest %= 10;
      if (bytes[i] > 0) left = true;
    }
    digits = rest + digits;
  }
  return digits;
}

function wholeNumber(value, least, most, what) {
  if (typeof value !== "number" || value !== Math.floor(value) || !(value >= least && value <= most)) {
    fail(what + " has to be a whole number from " + least + " to " + most);
  }
  return value;
}

function writeSet(out, id, params) {
  if (!isObject(params)) fail("params is no object");
  writeHead(out, 2, id);
  for (var name in params) {
    if (!has(params, name)) continue;
    var number = numberOf(POINTS, name);
    var point = POINTS[number];
    if (point === undefined) fail(name.slice(0, 80) + " is no measure point of the model");
    if (!point.writable) fail(name + " cannot be set");
    out.push(Number(number));
    writeDelimited(out, point, params[name], name);
  }
}

function writeService(out, id, name, params) {
  var number = numberOf(SERVICES, name);
  if (number === undefined) fail(name.slice(0, 80) + " is no service of the model");
  var given = params === undefined || params === null ? {} : params;
  if (!isObject(given)) fail("params is no object");
  writeHead(out, Number(number), id);
  var fields = SERVICES[number].inputs;
  for (var i = 0; i < fields.length; i++) {
    var field = fields[i];
    var there = has(given, field.id) && given[field.id] !== null;
    if (field.optional) out.push(there ? 1 : 0);
    else if (!there) fail("lacks the input " + field.id);
    if (there) writeDelimited(out, field, given[field.id], field.id);
  }
  for (var input in given) {
    if (has(given, input) && !hasField(fields, input)) fail(input.slice(0, 80) + " is no input of " + name);
  }
}

// Number of what has this identifier now.
function numberOf(table, id) {
  for (var number in table) {
    if (has(table, number) && table[number].id === id && !table[number].former) return number;
  }
  return undefined;
}

function hasField(fields, id) {
  for (var i = 0; i < fields.length; i++) if (fields[i].id === id) return true;
  return false;
}

// ---- values to the device ----

function writeUint32(out, value) {
  return out.push(value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255);
}

function writeDelimited(out, type, value, id) {
  if (isFixed(type)) writeValue(out, type, value, id);
  else writeWithLength(out, type, value, id);
}

function writeWithLength(out, type, value, id) {
  var start = out.length;
  out.push(0, 0);
  writeValue(out, type, value, id);
  var length = out.length - start - 2;
  if (length > 65535) fail(id + " has " + length + " bytes, at most 65535 can be stated");
  out[start] = length >> 8;
  out[start + 1] = length & 255;
}

function writeValue(out, type, value, id) {
  switch (type.type) {
    case "int":
      return writeInt32(out, wholeNumber(value, -2147483648, 2147483647, id));
    case "enum":
      return writeInt32(out, enumNumber(value, type, id));
    case "int64":
    case "timestamp":
      wholeNumber(value, -9007199254740991, 9007199254740991, id);
      writeInt32(out, Math.floor(value / 4294967296));
      return writeUint32(out, value - Math.floor(value / 4294967296) * 4294967296);
    case "float":
      return writeFloat(out, finite(value, id), id);
    case "double":
      return writeDouble(out, finite(value, id));
    case "bool":
      if (typeof value !== "boolean") fail(id + " has to be true or false");
      return out.push(value ? 1 : 0);
    case "string":
    case "date":
      if (typeof value !== "string") fail(id + " has to be a text");
      return writeText(out, value);
    case "array":
      if (Object.prototype.toString.call(value) !== "[object Array]") fail(id + " has to be an array");
      for (var i = 0; i < value.length; i++) writeDelimited(out, { type: type.items }, value[i], id);
      return undefined;
    default:
      return writeStruct(out, type.fields, value, id);
  }
}

// The number that stands for an enum's value.
function enumNumber(value, type, id) {
  var place = (type.texts || type.values).indexOf(value);
  if (place < 0) {
    if (type.texts && typeof value !== "string") fail(id + " has to be a text");
    if (!type.texts) wholeNumber(value, -2147483648, 2147483647, id);
    fail(String(value).slice(0, 80) + " is none of " + (type.texts || type.values).join(", "));
  }
  return type.values[place];
}

function finite(value, id) {
  if (typeof value !== "number" || !isFinite(value)) fail(id + " has to be a number");
  return value;
}

function writeStruct(out, fields, value, id) {
  if (!isObject(value)) fail(id + " has to be an object");
  for (var number in fields) {
    if (!has(fields, number) || fields[number].former) continue;
    var field = fields[number];
    if (has(value, field.id) && value[field.id] !== null) {
      out.push(Number(number));
      writeWithLength(out, field, value[field.id], id + "." + field.id);
    } else if (!field.optional) {
      fail(id + " lacks " + field.id);
    }
  }
  for (var name in value) {
    if (has(value, name) && numberOf(fields, name) === undefined) fail(id + " has no " + name.slice(0, 80));
  }
}

function writeInt32(out, value) {
  writeUint32(out, value < 0 ? value + 4294967296 : value);
}

function writeText(out, text) {
  for (var i = 0; i < text.length; i++) {
    var point = text.charCodeAt(i);
    if (point >= 55296 && point <= 57343) {
      var low = point < 56320 && i + 1 < text.length ? text.charCodeAt(i + 1) : 0;
      // Half a pair alone becomes U+FFFD.
      if (low < 56320 || low > 57343) point = 65533;
      else {
        point = 65536 + (point - 55296) * 1024 + (low - 56320);
        i += 1;
      }
    }
    if (point < 128) out.push(point);
    else if (point < 2048) out.push(192 | (point >> 6), 128 | (point & 63));
    else if (point < 65536) out.push(224 | (point >> 12), 128 | ((point >> 6) & 63), 128 | (point & 63));
    else {
      out.push(240 | (point >> 18), 128 | ((point >> 12) & 63), 128 | ((point >> 6) & 63), 128 | (point & 63));
    }
  }
}

// Largest whole exponent of two that is not above the value.
function exponentOf(value, least) {
  var exponent = Math.max(least, Math.floor(Math.log(value) / Math.LN2));
  while (exponent > least && Math.pow(2, exponent) > value) exponent -= 1;
  while (exponent < 1023 && Math.pow(2, exponent + 1) <= value) exponent += 1;
  return exponent;
}

function isNegative(value) {
  return value < 0 || (value === 0 && 1 / value < 0);
}

function writeDouble(out, value) {
  var size = Math.abs(value);
  var exponent = exponentOf(size, -1022);
  // In units of the last place, and below the smallest normal number without the leading one.
  var fraction = size / Math.pow(2, exponent) * 4503599627370496;
  var normal = fraction >= 4503599627370496;
  if (normal) fraction -= 4503599627370496;
  var high = (normal ? exponent + 1023 : 0) * 1048576 + Math.floor(fraction / 4294967296);
  writeUint32(out, (isNegative(value) ? 2147483648 : 0) + high);
  writeUint32(out, fraction % 4294967296);
}

function writeFloat(out, value, id) {
  var bits = floatBits(Math.abs(value));
  if (bits >= 2139095040) fail(id + " is beyond what a float can state");
  writeUint32(out, (isNegative(value) ? 2147483648 : 0) + bits);
}

// IEEE 754's 31 bits below the sign, rounded to the nearest and to even between two.
function floatBits(value) {
  var exponent = exponentOf(value, -126);
  if (exponent > 127) return 2139095040;
  var exact = value / Math.pow(2, exponent - 23);
  var fraction = Math.floor(exact);
  var rest = exact - fraction;
  if (rest > 0.5 || (rest === 0.5 && fraction % 2 === 1)) fraction += 1;
  // A fraction that was rounded up to the next power of two carries into the exponent by itself.
  return fraction < 8388608 ? fraction : (exponent + 127) * 8388608 + (fraction - 8388608);
}
