/** The class names of a CSS module. Import them as a namespace: the build then inlines them. */
declare module "*.module.css" {
  const classNames: Readonly<Record<string, string>>;
  export = classNames;
}
