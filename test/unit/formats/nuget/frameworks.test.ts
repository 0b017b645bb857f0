import { expect, test } from 'vitest';
import { isFramework } from '../../../../services/formats/nuget/frameworks.ts';

test.for([
  '',
  'net8.0',
  'net6.0-windows7.0',
  'net40-client',
  'netstandard2.0',
  '.NETStandard2.0',
  '.NETFramework4.6.2',
  '.NETFramework,Version=v4.5',
  '.NETFramework, Version = v4.0, Profile=Client',
  '.NETPortable,Version=v0.0,Profile=Profile259',
  '.NETPortable4.5-Profile259',
  'portable-net45+win8+wp8',
  'UAP,Version=v10.0.14393.0',
  'Xamarin.iOS1.0',
  'any',
  'agnostic',
  'something-of-the-future1.0',
])('accepts the framework %j', (text) => expect(isFramework(text)).toBe(true));

test.for([
  '.NETFramework,Version=vX',
  '.NETFramework,Version=',
  '.NETFramework,Version=v4.5.6.7.8',
  '.NETFramework,Version=v4.9999999999',
  ',Version=v4.5',
  '.NETPortable,Version=v0.0,Profile=net45+win8-client',
  'portable-net40-client+win8',
  'net8.0\u0000',
  'n'.repeat(501),
])('refuses the framework %j', (text) => expect(isFramework(text)).toBe(false));
