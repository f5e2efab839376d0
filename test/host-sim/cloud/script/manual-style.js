/**
 * The parsing script of a water meter, written in the way in which EnOS's manual writes its sample: what that one does
 * well and what it does badly. Text codes, `"data": ""`, the time of arrival, signed bytes, a string that is read with
 * its sign, commands in which only texts and arrays have their length, request ids cut to 32 bits.
 *
 *     report     01 | id u32 | ( point u8 | length u16 | value )*       answer   id u32 | code u16
 *     set        02 | id u32 | ( point u8 | [length u16] value )*       reply    02 | id u32 | code u8
 *     flush      21 | id u32 | seconds i32                              reply    21 | id u32 | code u8 | litres i32 [text]
 */
// first bytes of the messages
var REPORT = 0x01;
var SET = 0x02;
var SET_REPLY = SET;
var FLUSH = 0x21;
var FLUSH_REPLY = FLUSH;
// and what EnOS calls them
var METHOD_REPORT = "thing.measurepoint.post";
var METHOD_SET = "thing.service.measurepoint.set";
var METHOD_FLUSH = "thing.service.flush";

var pointNames = {
  0x01: "litres",
  0x02: "place",
  0x03: "pressure",
  0x04: "peaks",
  0x05: "valve",
};
var pointCodes = {
  litres: 0x01,
  place: 0x02,
  pressure: 0x03,
  peaks: 0x04,
  valve: 0x05,
};

/**
 * Device to cloud
 * @param bytes byte[]
 * @return JSON text
 */
function rawDataToJsonStr(bytes) {
  var octets = new Uint8Array(bytes.length);
  for (var i = 0; i < bytes.length; i++) {
    octets[i] = bytes[i] & 0xff;
  }
  var view = new DataView(octets.buffer, 0);
  var first = octets[0];
  var message = {};
  if (first === REPORT) {
    message = report_message(view);
  } else if (first === SET_REPLY) {
    message = set_reply_message(view);
  } else if (first === FLUSH_REPLY) {
    message = flush_reply_message(view);
  }
  return JSON.stringify(message);
}

function report_message(view) {
  var message = {};
  message["id"] = "" + view.getUint32(1);
  message["method"] = METHOD_REPORT;
  message["version"] = "1.0";
  var params = {
    measurepoints: {},
    time: new Date().getTime(),
  };
  var at = 5;
  for (; at < view.byteLength;) {
    var code = view.getUint8(at);
    at += 1;
    var size = view.getInt16(at);
    at += 2;
    var value = null;
    if (code === 0x01 && size === 4) {
      value = view.getInt32(at);
    } else if (code === 0x02) {
      value = read_text(view, at, size);
    } else if (code === 0x03 && size === 8) {
      value = view.getFloat64(at);
    } else if (code === 0x04) {
      value = read_array(view, at, size);
    } else if (code === 0x05 && size === 5) {
      value = {};
      value.value = view.getInt32(at);
      value.quality = view.getInt8(at + 4);
    }
    params.measurepoints[pointNames[code]] = value;
    at += size;
  }
  message["params"] = params;
  return message;
}

function set_reply_message(view) {
  var message = {};
  message["id"] = "" + view.getUint32(1);
  message["code"] = "" + view.getUint8(5);
  message["data"] = "";
  return message;
}

function flush_reply_message(view) {
  var message = {};
  message["id"] = "" + view.getUint32(1);
  message["code"] = "" + view.getUint8(5);
  var data = {};
  data["litres_out"] = view.getInt32(6);
  message["data"] = data;
  var words = "";
  if (view.byteLength > 10) {
    words = read_text(view, 10, view.byteLength - 10);
  }
  message["message"] = words;
  return message;
}

function read_text(view, at, size) {
  var codes = [];
  for (var i = 0; i < size; i++) {
    codes[i] = view.getInt8(i + at);
  }
  return String.fromCharCode.apply(String, codes);
}

function read_array(view, at, size) {
  var items = [];
  for (var i = 0; i < size; i += 4) {
    items = items.concat(view.getUint32(at + i));
  }
  return items;
}

/**
 * Cloud to device
 * @param text JSON text
 * @return byte[]
 */
function jsonStrToRawData(text) {
  var message = JSON.parse(text);
  var method = message["method"];
  var raw = [];
  if (is_empty(method)) {
    raw = answer_bytes(message);
  } else if (method === METHOD_SET) {
    raw = set_bytes(message);
  } else if (method === METHOD_FLUSH) {
    raw = flush_bytes(message);
  }
  return raw;
}

function answer_bytes(message) {
  var id = message["id"];
  var code = message["code"];
  var data = message["data"];
  var raw = [];
  raw = raw.concat(int32_bytes(id));
  raw = raw.concat(int16_bytes(code));
  if (data !== "") {
    raw = raw.concat(data);
  }
  return raw;
}

function set_bytes(message) {
  var id = message["id"];
  var raw = [];
  raw = raw.concat(uint8_bytes(SET));
  raw = raw.concat(int32_bytes(parseInt(id)));
  var params = message["params"];
  for (var name in params) {
    raw = raw.concat(pointCodes[name]);
    if (name === "litres") {
      raw = raw.concat(int32_bytes(params[name]));
    } else if (name === "place") {
      raw = raw.concat(text_bytes(params[name]));
    } else if (name === "pressure") {
      raw = raw.concat(double_bytes(params[name]));
    } else if (name === "peaks") {
      var items = params[name];
      raw = raw.concat(int16_bytes(items.length * 4));
      for (var i = 0; i < items.length; i++) {
        raw = raw.concat(int32_bytes(items[i]));
      }
    } else if (name === "valve") {
      var marked = params[name];
      raw = raw.concat(int32_bytes(marked["value"]));
      raw = raw.concat(uint8_bytes(marked["quality"]));
    }
  }
  return raw;
}

function flush_bytes(message) {
  var id = message["id"];
  var raw = [];
  raw = raw.concat(uint8_bytes(FLUSH));
  raw = raw.concat(int32_bytes(parseInt(id)));
  var params = message["params"];
  raw = raw.concat(int32_bytes(parseInt(params["seconds"])));
  return raw;
}

function is_empty(value) {
  if (value === undefined || value === null || value === "") {
    return true;
  } else {
    return false;
  }
}

function uint8_bytes(value) {
  var octets = new Uint8Array(1);
  var view = new DataView(octets.buffer, 0);
  view.setUint8(0, value);
  return [].slice.call(octets);
}

function int16_bytes(value) {
  var octets = new Uint8Array(2);
  var view = new DataView(octets.buffer, 0);
  view.setInt16(0, value);
  return [].slice.call(octets);
}

function int32_bytes(value) {
  var octets = new Uint8Array(4);
  var view = new DataView(octets.buffer, 0);
  view.setInt32(0, value);
  return [].slice.call(octets);
}

function double_bytes(value) {
  var octets = new Uint8Array(8);
  var view = new DataView(octets.buffer, 0);
  view.setFloat64(0, value);
  return [].slice.call(octets);
}

function text_bytes(value) {
  var length = value.length;
  var octets = new Uint8Array(length + 2);
  octets[0] = Math.floor(length / 256);
  octets[1] = length % 256;
  for (var i = 0; i < length; i++) {
    octets[i + 2] = value.charCodeAt(i);
  }
  return [].slice.call(octets);
}

/**
 * For trying it by hand; nobody calls it here, and EnOS has no console.
 */
function try_report() {
  var raw = [0x01, 0x00, 0x00, 0x01, 0x2c, 0x01, 0x00, 0x04, 0x00, 0x00, 0x1b, 0x58];
  console.log(rawDataToJsonStr(raw));
}
