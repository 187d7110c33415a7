// Where a text stops being JSON, and what was expected there. JSON.parse says that too, but each browser in other
// words and some without the position. Pure; run only once JSON.parse has said no.

const space = /[ \t\n\r]*/y;
const string = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const scalar = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

/** null where the text is JSON, else { at, line, column, message }; line and column count from 1. */
export function faultIn(text) {
  try {
    JSON.parse(text);
    return null;
  } catch {
    const { at, message } = firstFault(text);
    const before = text.slice(0, at);
    return { at, line: before.split("\n").length, column: at - before.lastIndexOf("\n"), message };
  }
}

function firstFault(text) {
  const open = [];
  let at = 0;
  let wanted = "value";
  const take = (pattern) => {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found) at = pattern.lastIndex;
    return found !== null;
  };
  const mark = (character) => text[at] === character && (at += 1) > 0;
  const afterValue = () => (open.length ? "next" : "nothing");
  for (;;) {
    take(space);
    if (wanted === "nothing") return { at, message: "the value ended before this" };
    if (at === text.length && !open.length) return { at, message: "a value is missing" };
    if (at === text.length) return { at, message: `the text ends, and ${closer(open)} is missing` };
    if (wanted === "colon") {
      if (!mark(":")) return { at, message: "a colon was expected" };
      wanted = "value";
    } else if (wanted === "next") {
      if (mark(",")) wanted = open.at(-1) === "{" ? "key" : "value";
      else if (mark(closer(open))) wanted = (open.pop(), afterValue());
      else return { at, message: `a comma or ${closer(open)} was expected` };
    } else if (wanted.startsWith("key")) {
      if (wanted === "key or end" && mark("}")) wanted = (open.pop(), afterValue());
      else if (take(string)) wanted = "colon";
      else if (text[at] === "}") return { at, message: "a comma too many before this" };
      else return { at, message: "a name in double quotes was expected" };
    } else if (wanted === "value or end" && mark("]")) {
      wanted = (open.pop(), afterValue());
    } else if (mark("{")) {
      open.push("{");
      wanted = "key or end";
    } else if (mark("[")) {
      open.push("[");
      wanted = "value or end";
    } else if (take(string) || take(scalar)) {
      wanted = afterValue();
    } else {
      return { at, message: complaint(text, at) };
    }
  }
}

function closer(open) {
  return open.at(-1) === "{" ? "}" : "]";
}

function complaint(text, at) {
  const character = text[at];
  if (character === '"') return "this string has no end, or a character that must be escaped";
  if (character === "'") return "strings want double quotes";
  if (/[\]}]/.test(character)) return "a value is missing before this";
  return /[\w.+-]/.test(character) ? "this is neither a number nor true, false or null" : "a value was expected";
}
