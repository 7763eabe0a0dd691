/** The only function that turns parsed user text into elements. It never produces HTML from text. */
import type { ReactNode } from "react";
import type { Block, Inline } from "@/lib/text/grammar";
import * as css from "./user-text.module.css";

export function drawBlocks(blocks: readonly Block[]): ReactNode {
  return blocks.map((block, index) => {
    switch (block.kind) {
      case "paragraph":
        return <p key={index}>{drawInline(block.inside)}</p>;
      case "code":
        return (
          <pre key={index} dir="ltr">
            {block.language !== "" && <span className={css.codeLanguage}>{block.language}</span>}
            <code>{block.text}</code>
          </pre>
        );
      case "quote":
        return <blockquote key={index}>{drawBlocks(block.inside)}</blockquote>;
      case "list":
        return (
          <ul key={index}>
            {block.items.map((item, place) => (
              <li key={place} data-level={item.level}>
                <span className={css.listMarker}>{`${item.marker} `}</span>
                {drawInline(item.inside)}
              </li>
            ))}
          </ul>
        );
    }
  });
}

function drawInline(pieces: readonly Inline[]): ReactNode {
  return pieces.map((piece, index) => {
    switch (piece.kind) {
      case "text":
        return piece.text;
      case "code":
        return <code key={index}>{piece.text}</code>;
      case "strong":
        return <strong key={index}>{drawInline(piece.inside)}</strong>;
      case "em":
        return <em key={index}>{drawInline(piece.inside)}</em>;
      case "del":
        return <del key={index}>{drawInline(piece.inside)}</del>;
      case "mention":
        return (
          <bdi
            key={index}
            className={piece.isMe ? `${css.mention} ${css.mentionMe}` : css.mention}
            data-mention={piece.isMe ? "me" : "other"}
          >
            {piece.text}
          </bdi>
        );
      case "link":
        return (
          <a key={index} href={piece.href} target="_blank" rel="noopener noreferrer nofollow ugc">
            <bdi>{drawInline(piece.inside)}</bdi>
            {piece.host !== null && (
              <bdi className={css.linkHost} dir="ltr">
                {` (${piece.host})`}
              </bdi>
            )}
          </a>
        );
    }
  });
}
