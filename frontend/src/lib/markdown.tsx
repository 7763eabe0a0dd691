/** A small Markdown: bold, italic, strike, code, quotes, links. Read by `marked`, drawn as React elements, so nothing
 * people write is ever HTML; what we do not draw stays as it was typed. */
import { Marked, Tokenizer, type Token, type Tokens } from "marked";
import { Fragment, type ReactNode } from "react";
import { harmlessText } from "./harmless-text";
import { mentions } from "./paced/mentions";

class SmallTokenizer extends Tokenizer {
  override heading = () => undefined;
  override lheading = () => undefined;
  override hr = () => undefined;
  override table = () => undefined;
  override html = () => undefined;
  override tag = () => undefined;
  override def = () => undefined;
  override reflink = () => undefined;
  override list = () => undefined;
  override code = () => undefined;
}

const marked = new Marked({ gfm: true, breaks: true, tokenizer: new SmallTokenizer() });

const MENTION = /(@[\p{L}\p{N}_][\p{L}\p{N}_.-]{0,31})/u;

/** Draw a message's text. Mentions of `nickname` are set off from those of others. */
export function drawMarkdown(text: string, nickname: string): ReactNode {
  return drawAll(marked.lexer(text), nickname);
}

/** A message on one line of a list: its words without their marks, at most so many UTF-16 units of them. */
export function plainLine(text: string, max = 200): string {
  const beginning = harmlessText(text.slice(0, 2 * max));
  return wordsOf(marked.lexer(beginning)).trim().replace(/\s+/g, " ").slice(0, max);
}

function wordsOf(tokens: readonly Token[]): string {
  return tokens
    .map((token) => {
      const { type, raw, text, tokens: inside } = token as Tokens.Generic;
      if (type === "br" || type === "space") return " ";
      if (inside !== undefined) return wordsOf(inside) + (type === "paragraph" ? " " : "");
      return type === "codespan" || type === "escape" ? String(text) : raw;
    })
    .join("");
}

function drawAll(tokens: readonly Token[] | undefined, nickname: string): ReactNode {
  return tokens?.map((token, index) => <Fragment key={index}>{draw(token, nickname)}</Fragment>);
}

function draw(token: Token, nickname: string): ReactNode {
  const inside = () => drawAll((token as Tokens.Generic).tokens, nickname);
  switch (token.type) {
    case "paragraph":
      return <p>{inside()}</p>;
    case "blockquote":
      return <blockquote>{inside()}</blockquote>;
    case "strong":
      return <strong>{inside()}</strong>;
    case "em":
      return <em>{inside()}</em>;
    case "del":
      return <del>{inside()}</del>;
    case "codespan":
      return <code>{(token as Tokens.Codespan).text}</code>;
    case "code":
      return (
        <pre>
          <code>{(token as Tokens.Code).text}</code>
        </pre>
      );
    case "br":
      return <br />;
    case "link":
      return drawLink(token as Tokens.Link, inside());
    case "text":
    case "escape":
      return token.type === "text" && token.tokens
        ? inside()
        : withMentions((token as Tokens.Text).text, nickname);
    case "space":
      return null;
    default:
      return token.raw;
  }
}

/** A link that shows where it goes, also when its text says something else. */
function drawLink(link: Tokens.Link, label: ReactNode): ReactNode {
  let url: URL;
  try {
    url = new URL(link.href);
  } catch {
    return link.raw;
  }
  if (!["http:", "https:", "mailto:"].includes(url.protocol)) return link.raw;
  const isPlain = link.text === link.href || link.href.endsWith(link.text);
  return (
    <a href={url.href} target="_blank" rel="noopener noreferrer nofollow ugc">
      {label}
      {!isPlain && <span className="link-host"> ({url.host || url.pathname})</span>}
    </a>
  );
}

function withMentions(text: string, nickname: string): ReactNode {
  if (!text.includes("@")) return text;
  const own = nickname !== "" && mentions(text, nickname) ? ownMention(nickname) : null;
  return text.split(own ?? MENTION).map((part, index) => {
    if (!part.startsWith("@")) return part;
    return (
      <span key={index} className={own === null ? "mention" : "mention mention-me"}>
        {part}
      </span>
    );
  });
}

const ownMention = (nickname: string) =>
  new RegExp(`(@${nickname.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")})`, "iu");
