// SPDX-License-Identifier: GPL-3.0-or-later
import type { components } from './schema';

type Schemas = components['schemas'];
export type Vault = Schemas['Vault'];
export type File = Schemas['File'];
export type Folder = Schemas['Folder'];
export type FileList = Schemas['FileList'];
export type FileVersion = Schemas['FileVersion'];
export type FileHistory = Schemas['FileHistory'];
export type FileMoved = Schemas['FileMoved'];
export type SystemStatus = Schemas['SystemStatus'];
export type SystemMetrics = Schemas['SystemMetrics'];
export type MetricsSample = Schemas['MetricsSample'];
export type AuditList = Schemas['AuditList'];
export type AuditEvent = Schemas['AuditEvent'];
export type AuthToken = Schemas['AuthToken'];
export type Trash = Schemas['Trash'];
export type TrashEntry = Schemas['TrashEntry'];
export type Purged = Schemas['Purged'];
export type FilesChanged = Schemas['FilesChanged'];
export type FileCopied = Schemas['FileCopied'];
export type VaultChange = Schemas['VaultChange'];
export type Transfer = Schemas['Transfer'];
export type TransferList = Schemas['TransferList'];
export type BrowseListing = Schemas['BrowseListing'];
export type VaultsUnlocked = Schemas['VaultsUnlocked'];
export type VaultAnalytics = Schemas['VaultAnalytics'];
export type VaultList = Schemas['VaultList'];
