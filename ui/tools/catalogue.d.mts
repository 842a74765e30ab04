export function parseCatalogue(buffer: Buffer): Record<string, string[]>;
