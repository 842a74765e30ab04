// SPDX-License-Identifier: GPL-3.0-or-later
import { ChevronRightIcon } from '@heroicons/react/24/outline';
import type { Vault } from '../../api/types';
import { t } from '../../lib/i18n';
import { ancestors } from '../../lib/paths';
import { hrefOf } from '../../lib/router';
import { useDrop } from './use-drop';
import classes from './breadcrumbs.module.css';

interface CrumbProps {
  vault: string;
  folder: string;
  name: string;
  last: boolean;
}

function Crumb({ vault, folder, name, last }: CrumbProps) {
  const { over, props } = useDrop(vault, folder, 'both');
  return (
    <li className={classes.item}>
      <ChevronRightIcon width={16} height={16} aria-hidden className={classes.chevron} />
      <a
        className={classes.crumb}
        href={hrefOf({ page: 'files', vault, folder })}
        aria-current={last ? 'page' : undefined}
        data-over={over}
        {...props}
      >
        {name}
      </a>
    </li>
  );
}

/** Where a page about a whole vault stands. */
export function VaultCrumbs({ vault, here }: { vault: Vault; here: string }) {
  return (
    <nav aria-label={t('Folders above')}>
      <ol className={classes.list}>
        <li className={classes.item}>
          <a className={classes.crumb} href={hrefOf({ page: 'vaults' })}>
            {t('Vaults')}
          </a>
        </li>
        <li className={classes.item}>
          <ChevronRightIcon width={16} height={16} aria-hidden className={classes.chevron} />
          <a className={classes.crumb} href={hrefOf({ page: 'files', vault: vault.id, folder: '/' })}>
            {vault.name}
          </a>
        </li>
        <li className={classes.item}>
          <ChevronRightIcon width={16} height={16} aria-hidden className={classes.chevron} />
          <span className={classes.crumb} aria-current="page">
            {here}
          </span>
        </li>
      </ol>
    </nav>
  );
}

/** Where the person is, each part a link and a place to drop things on. */
export function Breadcrumbs({ vault, vaultName, folder }: { vault: string; vaultName: string; folder: string }) {
  const parts = [{ name: vaultName, path: '/' }, ...ancestors(folder)];
  return (
    <nav aria-label={t('Folders above')}>
      <ol className={classes.list}>
        <li className={classes.item}>
          <a className={classes.crumb} href={hrefOf({ page: 'vaults' })}>
            {t('Vaults')}
          </a>
        </li>
        {parts.map(({ name, path }, index) => (
          <Crumb key={path} vault={vault} folder={path} name={name} last={index === parts.length - 1} />
        ))}
      </ol>
    </nav>
  );
}
