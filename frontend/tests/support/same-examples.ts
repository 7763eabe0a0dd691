/** In CI, property tests run the same examples each time, as Hypothesis does there. Elsewhere they try new ones. */
import fc from "fast-check";

if (process.env["CI"] !== undefined) fc.configureGlobal({ seed: 1 });
