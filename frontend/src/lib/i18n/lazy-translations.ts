/** Adds the English sentences of lazy parts. Other languages keep all their sentences in one file. */
import i18next from "i18next";
import { lazyEn } from "./lazy-en";

i18next.addResourceBundle("en", "translation", lazyEn, true);
