// SPDX-License-Identifier: GPL-3.0-or-later
import {
  ArrowRightStartOnRectangleIcon,
  ArchiveBoxIcon,
  ArrowsRightLeftIcon,
  CircleStackIcon,
  ClipboardDocumentListIcon,
  ComputerDesktopIcon,
  LanguageIcon,
  MoonIcon,
  ServerIcon,
  ShareIcon,
  SunIcon,
} from '@heroicons/react/24/outline';
import { Menu, UnstyledButton } from '@mantine/core';
import { logout } from '../api/auth';
import type { Icon } from '../components/icon-button';
import { notifyError } from '../components/notify';
import { chooseLanguage, language, languages, t } from '../lib/i18n';
import { hrefOf, type Route } from '../lib/router';
import { endSession } from '../lib/session';
import { useStore } from '../lib/store';
import { useThemeChoice } from '../lib/theme-choice';
import classes from './navigation.module.css';

export function Brand() {
  return (
    <span className={classes.brand}>
      <img src="./icon.svg" alt="" width={30} height={30} />
      {'MeshHold'}
    </span>
  );
}

function Entry({ to, icon: Glyph, label, current }: { to: Route; icon: Icon; label: string; current: boolean }) {
  return (
    <li>
      <a className={classes.entry} href={hrefOf(to)} aria-current={current ? 'page' : undefined}>
        <Glyph width={20} height={20} aria-hidden />
        {label}
      </a>
    </li>
  );
}

const themeIcons = { light: SunIcon, dark: MoonIcon, auto: ComputerDesktopIcon };

function themeLabel(scheme: 'light' | 'dark' | 'auto'): string {
  if (scheme === 'light') return t('light');
  return scheme === 'dark' ? t('dark') : t('automatic');
}

export function ThemeMenu() {
  const { scheme, choose } = useThemeChoice();
  const Glyph = themeIcons[scheme];
  return (
    <Menu position="top-start" width={200}>
      <Menu.Target>
        <UnstyledButton className={classes.entry}>
          <Glyph width={20} height={20} aria-hidden />
          {t('Theme: {theme}', { theme: themeLabel(scheme) })}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {(['auto', 'light', 'dark'] as const).map((value) => (
          <Menu.Item key={value} onClick={() => choose(value)} aria-current={value === scheme ? 'true' : undefined}>
            {themeLabel(value)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function LanguageMenu() {
  const shown = useStore(language);
  return (
    <Menu position="top-start" width={200}>
      <Menu.Target>
        <UnstyledButton className={classes.entry}>
          <LanguageIcon width={20} height={20} aria-hidden />
          {t('Language: {language}', { language: languages.find(({ value }) => value === shown)?.label ?? shown })}
        </UnstyledButton>
      </Menu.Target>
      <Menu.Dropdown>
        {languages.map(({ value, label }) => (
          <Menu.Item
            key={value}
            lang={value}
            aria-current={value === shown ? 'true' : undefined}
            onClick={() => void chooseLanguage(value).catch((error: unknown) => notifyError(error))}
          >
            {label}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

async function signOut(): Promise<void> {
  try {
    await logout();
  } catch (error) {
    notifyError(error); // the token is forgotten here in any case
  }
  endSession('logout');
}

export function Navigation({ route }: { route: Route }) {
  return (
    <>
      <nav aria-label={t('Main')}>
        <ul className={classes.list}>
          <Entry
            to={{ page: 'vaults' }}
            icon={ArchiveBoxIcon}
            label={t('Vaults')}
            current={['vaults', 'files', 'trash', 'analytics', 'keeping'].includes(route.page)}
          />
          <Entry
            to={{ page: 'transfers' }}
            icon={ArrowsRightLeftIcon}
            label={t('Transfers')}
            current={route.page === 'transfers'}
          />
          <Entry
            to={{ page: 'machines' }}
            icon={ShareIcon}
            label={t('Machines')}
            current={['machines', 'machine'].includes(route.page)}
          />
          <Entry to={{ page: 'storage' }} icon={CircleStackIcon} label={t('Storage')} current={route.page === 'storage'} />
          <Entry to={{ page: 'system' }} icon={ServerIcon} label={t('System')} current={route.page === 'system'} />
          <Entry
            to={{ page: 'audit' }}
            icon={ClipboardDocumentListIcon}
            label={t('Audit log')}
            current={route.page === 'audit'}
          />
        </ul>
      </nav>
      <div className={classes.foot}>
        <ThemeMenu />
        <LanguageMenu />
        <UnstyledButton className={classes.entry} onClick={() => void signOut()}>
          <ArrowRightStartOnRectangleIcon width={20} height={20} aria-hidden />
          {t('Sign out')}
        </UnstyledButton>
      </div>
    </>
  );
}
