// Package exchange owns exchange files and bodies: GeoJSON, GeoPackage, CSV and Shapefile in and out of features, and
// streets out of OpenStreetMap extracts.
//
// A file is opened with Open, described with Source.Schema and read with Source.Features, one record at a time: a bad
// record gives a RowError and reading goes on. Whatever the file's coordinate system, features come out in WGS-84.
// Detect says which datum positions were likely measured in. AppendRow, AppendFeature and WriteGeoJSON write GeoJSON
// (RFC 7946); ReadFeature and Merge read the bodies of requests, strictly.
package exchange
