export function themeStylesheet(): Promise<string>;
