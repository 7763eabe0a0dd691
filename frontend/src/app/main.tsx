import "./secret-links";
// Shared styles come first, so that the rules of a component win over them.
import "@fontsource-variable/inter/wght.css";
import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import { RouterProvider } from "@tanstack/react-router";
import i18next from "i18next";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { initReactI18next } from "react-i18next";
import { ErrorBoundary } from "@/ui/ErrorBoundary";
import { hideComposingKeys } from "@/lib/input-method";
import { startI18n } from "@/lib/i18n/i18n";
import { followVisibleHeight } from "@/lib/visible-height";
import { ServicesContext } from "@/ui/services-context";
import { Crashed } from "./Crashed";
import { tolerateForeignDomChanges } from "./foreign-dom-changes";
import { router } from "./router";
import { createServices } from "./create-services";

hideComposingKeys(window);
tolerateForeignDomChanges();
const services = createServices();
followVisibleHeight(document.documentElement.style, window.visualViewport, () => window.innerHeight);
i18next.use(initReactI18next);
await startI18n(services.languages);
const rootElement = document.getElementById("root");
if (rootElement === null) throw new Error("#root is missing");
createRoot(rootElement).render(
  <StrictMode>
    <ErrorBoundary resetKey={null} fallback={<Crashed />}>
      <ServicesContext value={services}>
        <RouterProvider router={router} />
      </ServicesContext>
    </ErrorBoundary>
  </StrictMode>,
);

// After the room: the first load contains no code for the browser's database.
void services.outbox.restore();
