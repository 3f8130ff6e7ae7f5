export { type MetadataOptions, type MetadataService, type MetadataTap, openMetadata } from './metadata-service.js';
