/** Imports point one way: app → features → ui → lib, and from a feature to another one only where it is listed here. */
import { userTextImports } from "./user-text.js";

/** The features that each feature may import. */
const FEATURES = {
  composer: ["session"],
  hosts: [],
  invites: [],
  messages: ["pins", "reactions"],
  moderation: ["hosts", "messages", "room", "settings"],
  operator: ["moderation"],
  pins: [],
  reactions: [],
  room: ["composer", "hosts", "messages", "pins", "reactions", "search", "settings"],
  rooms: ["hosts"],
  search: [],
  session: [],
  settings: ["session"],
};

const REACT = {
  group: [
    "react",
    "react/**",
    "react-dom",
    "react-dom/**",
    "react-i18next",
    "radix-ui",
    "lucide-react",
    "@tanstack/*",
  ],
  message: "lib is free of React: components and hooks belong to ui or to a feature.",
};

/** No file of `files` may import what lies in the folders `forbidden` of src, nor what `others` restrict. */
const layer = (files, forbidden, others = userTextImports) => ({
  files: [`src/${files}`],
  rules: {
    "no-restricted-imports": [
      "error",
      {
        patterns: [
          ...forbidden.map((folder) => ({
            group: [`@/${folder}/**`, `**/../${folder}/**`, `../${folder.split("/").at(-1)}/**`],
            message: `Imports point one way: ${files} may not import ${folder}.`,
          })),
          ...others,
        ],
      },
    ],
  },
});

/** The `no-restricted-imports` rules of all layers. */
export const layerRules = [
  layer("lib/**", ["ui", "features", "app"], [REACT]),
  layer("ui/**", ["features", "app"]),
  // The one place that turns what people wrote into elements.
  layer("ui/user-text/**", ["features", "app"], []),
  ...Object.entries(FEATURES).map(([feature, allowed]) => {
    const others = Object.keys(FEATURES).filter((other) => other !== feature && !allowed.includes(other));
    return layer(`features/${feature}/**`, ["app", ...others.map((other) => `features/${other}`)]);
  }),
  layer("app/**", []),
];
